import { expect, test } from 'vitest';
import { CancelledError, fromErrorData, toErrorData } from '#lib/base/errors.ts';

test('a cancellation is known across a border, also where a build has renamed its class', () => {
  const data = toErrorData(new CancelledError());
  expect(fromErrorData({ ...data, name: 'e' })).toBeInstanceOf(CancelledError);
});
