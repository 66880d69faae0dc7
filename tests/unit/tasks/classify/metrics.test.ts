import { describe, expect, it } from 'vitest';
import { evaluate } from '#lib/tasks/classify/metrics.ts';
import { seededRandom } from '../../../support/random.ts';

/** Judges labels by name; their places are in an order that says nothing. */
function evaluateNames(truth: string[], predicted: string[]) {
  const labels = [...new Set(['of no item', ...predicted, ...truth])].reverse();
  const places = (names: string[]) => names.map((name) => labels.indexOf(name));
  return evaluate(labels, places(truth), places(predicted));
}

describe('an evaluation', () => {
  // As scikit-learn's documentation of `classification_report` has it.
  it('agrees with scikit-learn on a worked table', () => {
    const truth = ['class 0', 'class 1', 'class 2', 'class 2', 'class 2'];
    const predicted = ['class 0', 'class 0', 'class 2', 'class 2', 'class 1'];
    const { accuracy, macroF1, classes, confusion } = evaluateNames(truth, predicted);
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
    const { classes, macroF1 } = evaluateNames(['a', 'a', 'b'], ['a', 'c', 'c']);
    expect(classes).toEqual([
      { label: 'a', precision: 1, recall: 0.5, f1: expect.closeTo(2 / 3, 12), support: 2 },
      { label: 'b', precision: 0, recall: 0, f1: 0, support: 1 },
      { label: 'c', precision: 0, recall: 0, f1: 0, support: 0 }
    ]);
    expect(macroF1).toBeCloseTo(2 / 9, 12);
  });

  // Two classes tie in every count; by hand: each has precision 1/2, recall 1/2 and so F1 1/2.
  it('treats classes that tie alike', () => {
    const { accuracy, macroF1, classes } = evaluateNames(
      ['b', 'b', 'a', 'a'],
      ['b', 'a', 'b', 'a']
    );
    const half = { precision: 0.5, recall: 0.5, f1: 0.5, support: 2 };
    expect(classes).toEqual([
      { label: 'a', ...half },
      { label: 'b', ...half }
    ]);
    expect([accuracy, macroF1]).toEqual([0.5, 0.5]);
  });

  it('orders classes as Python does', () => {
    const names = ['b', 'B', 'a', 'ä', '😀', '\uFFFD'];
    const sorted = ['B', 'a', 'b', 'ä', '\uFFFD', '😀'];
    expect(evaluateNames(names, names).classes.map(({ label }) => label)).toEqual(sorted);
  });

  it('of nothing is zero throughout', () => {
    expect(evaluateNames([], [])).toMatchObject({
      accuracy: 0,
      macroF1: 0,
      classes: [],
      confusion: []
    });
  });

  it('equals one that is worked out pair by pair', () => {
    const random = seededRandom(8);
    const pick = () => 'abcd'[Math.floor(random() * 4)]!;
    for (let n = 0; n < 40; n++) {
      const truth = Array.from({ length: 30 }, pick);
      const predicted = truth.map((label) => (random() < 0.5 ? label : pick()));
      const { classes, accuracy, macroF1 } = evaluateNames(truth, predicted);
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
