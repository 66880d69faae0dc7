import { describe, expect, it } from 'vitest';
import { evaluate, precisionRecall } from '#lib/tasks/classify/metrics.ts';
import { seededRandom } from '../../../support/random.ts';

describe('an evaluation', () => {
  // As scikit-learn's documentation of `classification_report` has it.
  it('agrees with scikit-learn on a worked table', () => {
    const truth = ['class 0', 'class 1', 'class 2', 'class 2', 'class 2'];
    const predicted = ['class 0', 'class 0', 'class 2', 'class 2', 'class 1'];
    const { accuracy, macroF1, classes, confusion } = evaluate(truth, predicted);
    expect(accuracy).toBeCloseTo(0.6, 12);
    expect(classes).toEqual([
      { label: 'class 0', precision: 0.5, recall: 1, f1: expect.closeTo(2 / 3, 12), support: 1 },
      { label: 'class 1', precision: 0, recall: 0, f1: 0, support: 1 },
      { label: 'class 2', precision: 1, recall: expect.closeTo(2 / 3, 12), f1: 0.8, support: 3 }
    ]);
    expect(macroF1).toBeCloseTo((2 / 3 + 0 + 0.8) / 3, 12);
    expect(confusion).toEqual([
      [1, 0, 0],
      [1, 0, 0],
      [0, 1, 2]
    ]);
  });

  it('counts classes that are only true, or only predicted, with zeros (zero_division=0)', () => {
    const { classes, macroF1 } = evaluate(['a', 'a', 'b'], ['a', 'c', 'c']);
    expect(classes).toEqual([
      { label: 'a', precision: 1, recall: 0.5, f1: expect.closeTo(2 / 3, 12), support: 2 },
      { label: 'b', precision: 0, recall: 0, f1: 0, support: 1 },
      { label: 'c', precision: 0, recall: 0, f1: 0, support: 0 }
    ]);
    expect(macroF1).toBeCloseTo(2 / 9, 12);
  });

  it('orders classes as Python does', () => {
    const names = ['b', 'B', 'a', 'ä', '😀', '\uFFFD'];
    const sorted = ['B', 'a', 'b', 'ä', '\uFFFD', '😀'];
    expect(evaluate(names, names).classes.map(({ label }) => label)).toEqual(sorted);
  });

  it('of nothing is zero throughout', () => {
    expect(evaluate([], [])).toMatchObject({ accuracy: 0, macroF1: 0, classes: [], confusion: [] });
  });

  it('equals one that is worked out pair by pair', () => {
    const random = seededRandom(8);
    const pick = () => 'abcd'[Math.floor(random() * 4)]!;
    for (let n = 0; n < 40; n++) {
      const truth = Array.from({ length: 30 }, pick);
      const predicted = truth.map((label) => (random() < 0.5 ? label : pick()));
      const { classes, accuracy, macroF1 } = evaluate(truth, predicted);
      const hits = truth.filter((label, i) => label === predicted[i]).length;
      expect(accuracy).toBeCloseTo(hits / 30, 12);
      let sum = 0;
      for (const { label, precision, recall, f1 } of classes) {
        const both = truth.filter((one, i) => one === label && predicted[i] === label).length;
        const taken = predicted.filter((one) => one === label).length;
        const are = truth.filter((one) => one === label).length;
        expect(precision).toBeCloseTo(taken ? both / taken : 0, 12);
        expect(recall).toBeCloseTo(are ? both / are : 0, 12);
        const harmonic = precision + recall ? (2 * precision * recall) / (precision + recall) : 0;
        expect(f1).toBeCloseTo(harmonic, 12);
        sum += f1;
      }
      expect(macroF1).toBeCloseTo(sum / classes.length, 12);
    }
  });
});

describe('a precision–recall curve', () => {
  // As scikit-learn's documentation of `average_precision_score` has it: 0.83….
  it('agrees with scikit-learn on its own example', () => {
    const curve = precisionRecall([false, false, true, true], [0.1, 0.4, 0.35, 0.8])!;
    expect(curve.points).toEqual([
      { threshold: 0.8, precision: 1, recall: 0.5 },
      { threshold: 0.4, precision: 0.5, recall: 0.5 },
      { threshold: 0.35, precision: expect.closeTo(2 / 3, 12), recall: 1 },
      { threshold: 0.1, precision: 0.5, recall: 1 }
    ]);
    expect(curve.average).toBeCloseTo(0.5 + 0.5 * (2 / 3), 12);
  });

  it('lets items of one score share a threshold, in whatever order they come', () => {
    const curve = precisionRecall([true, false, true, false], [0.5, 0.5, 0.5, 0.2])!;
    expect(curve.points).toEqual([
      { threshold: 0.5, precision: expect.closeTo(2 / 3, 12), recall: 1 },
      { threshold: 0.2, precision: 0.5, recall: 1 }
    ]);
    expect(precisionRecall([false, true, true, false], [0.5, 0.5, 0.5, 0.2])).toEqual(curve);
  });

  it('is none where there is but one class', () => {
    expect(precisionRecall([true, true], [0.1, 0.2])).toBeNull();
    expect(precisionRecall([false], [0.1])).toBeNull();
  });
});
