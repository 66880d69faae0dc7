import { expect, it } from 'vitest';
import { normalise } from '#lib/base/vector.ts';
import { nearDuplicates } from '#lib/tasks/near-duplicates.ts';

it('names for each vector the first that it nearly equals, which repeats none itself', () => {
  const vectors = [
    [1, 0],
    [0, 1],
    [1, 0.01],
    [1, 0.02],
    [0.01, 1]
  ].flatMap((vector) => [...normalise(Float32Array.from(vector))]);
  expect([...nearDuplicates(Float32Array.from(vectors), 2)]).toEqual([-1, -1, 0, 0, 1]);
});

it('takes related vectors for what they are', () => {
  const related = [...normalise(Float32Array.of(1, 0.3))];
  expect([...nearDuplicates(Float32Array.of(1, 0, ...related), 2)]).toEqual([-1, -1]);
});
