import { describe, expect, it } from 'vitest';
import { precisionRecall } from '#lib/tasks/classify/precision-recall.ts';
import { seededRandom } from '../../../support/random.ts';

/** The curve of items, each of the class or not. */
function curveOf(isIt: boolean[], scores: number[]) {
  const pick = (wanted: boolean) => Float64Array.from(scores.filter((_, n) => isIt[n] === wanted));
  return precisionRecall(pick(true), pick(false));
}

describe('a precision–recall curve', () => {
  // As scikit-learn's documentation of `average_precision_score` has it: 0.83….
  it('agrees with scikit-learn on its own example', () => {
    const curve = curveOf([false, false, true, true], [0.1, 0.4, 0.35, 0.8])!;
    expect(curve.points).toEqual([
      { threshold: 0.8, precision: 1, recall: 0.5 },
      { threshold: 0.4, precision: 0.5, recall: 0.5 },
      { threshold: 0.35, precision: expect.closeTo(2 / 3, 12), recall: 1 },
      { threshold: 0.1, precision: 0.5, recall: 1 }
    ]);
    expect(curve.average).toBeCloseTo(0.5 + 0.5 * (2 / 3), 12);
  });

  it('lets items of one score share a threshold, in whatever order they come', () => {
    const curve = curveOf([true, false, true, false], [0.5, 0.5, 0.5, 0.2])!;
    expect(curve.points).toEqual([
      { threshold: 0.5, precision: expect.closeTo(2 / 3, 12), recall: 1 },
      { threshold: 0.2, precision: 0.5, recall: 1 }
    ]);
    expect(curveOf([false, true, true, false], [0.5, 0.5, 0.5, 0.2])).toEqual(curve);
  });

  it('is none where there is but one class', () => {
    expect(curveOf([true, true], [0.1, 0.2])).toBeNull();
    expect(curveOf([false], [0.1])).toBeNull();
  });

  it('equals counting anew at each threshold', () => {
    const random = seededRandom(5);
    for (let n = 0; n < 60; n++) {
      const isIt = [true, false, ...Array.from({ length: 20 }, () => random() < 0.4)];
      // Few different scores, so that many tie; below 0, too.
      const scores = isIt.map((is) => Math.floor(random() * 6 + (is ? 1 : 0)) / 4 - 1);
      let [average, last] = [0, 0];
      const points = [...new Set(scores)]
        .sort((a, b) => b - a)
        .map((threshold) => {
          const taken = isIt.filter((_, i) => scores[i]! >= threshold);
          const precision = taken.filter(Boolean).length / taken.length;
          const recall = taken.filter(Boolean).length / isIt.filter(Boolean).length;
          average += (recall - last) * precision;
          last = recall;
          return { threshold, precision, recall };
        });
      const curve = curveOf(isIt, scores)!;
      expect(curve.points).toEqual(points);
      expect(curve.average).toBeCloseTo(average, 12);
    }
  });
});
