import { expect, test } from 'vitest';
import {
  CancelledError,
  fromErrorData,
  ImportError,
  IndexError,
  ProviderError,
  StoreError,
  toErrorData
} from '#lib/base/errors.ts';

test('a cancellation is known across a border, also where a build has renamed its class', () => {
  const data = toErrorData(new CancelledError());
  expect(fromErrorData({ ...data, name: 'e' })).toBeInstanceOf(CancelledError);
});

test.each([ImportError, ProviderError, StoreError, IndexError])(
  '%o crosses a border as what it is, whatever a build calls its class',
  (Original) => {
    const Renamed = { t: class extends Original {} }.t;
    const crossed = fromErrorData(toErrorData(new Renamed('a-code', 'What happened.')));
    expect(crossed).toBeInstanceOf(Original);
    expect(crossed).toMatchObject({ code: 'a-code', name: Original.name });
  }
);
