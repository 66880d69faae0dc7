import { describe, expect, test } from 'vitest';
import type { Classified } from '#lib/state/classifying.ts';
import { judge, trueLabel, trueLabels } from '#lib/state/judging.ts';
import { countUnsure, placesToShow } from '#lib/state/shown-predictions.ts';
import { bestLabels } from '#lib/tasks/classify/nearest-label.ts';
import { seededRandom } from '../../support/random.ts';

/** Items at rows 10, 12, 14 …, with random scores of few different sizes, so that many tie. */
function classified(labels: string[], items: number, seed = 1): Classified {
  const random = seededRandom(seed);
  const rows = Uint32Array.from({ length: items }, (_, n) => 10 + 2 * n);
  const all = Float32Array.from(
    { length: items * labels.length },
    () => Math.floor(random() * 5) / 4 - 0.5
  );
  const run = { name: 'Label only', method: '', all, ...bestLabels(all, labels.length) };
  return { rows, labels, runs: [run], judged: null, judgement: '' };
}

/** A field with a value at every row but each third. */
function field(values: string[], size = 100) {
  const of = Uint32Array.from({ length: size }, (_, row) =>
    row % 3 === 0 ? 0 : 1 + (Math.floor(row / 2) % values.length)
  );
  return { values, of, counts: new Uint32Array(values.length), more: false };
}

describe('a judgement', () => {
  test('is about the items that have a true label, by its name', () => {
    const outcome = classified(['x', 'y', 'z'], 30);
    const truth = trueLabels(outcome.rows, field(['z', 'other', 'x']));
    const [{ evaluation, curve }] = judge(outcome, truth) as [ReturnType<typeof judge>[0]];
    const { labels } = outcome.runs[0]!;
    const pairs = [...outcome.rows.keys()].flatMap((place) => {
      const actual = trueLabel(truth, place);
      return actual === null ? [] : [[actual, outcome.labels[labels[place]!]!]];
    });
    expect(evaluation.total).toBe(pairs.length);
    expect(evaluation.right).toBe(pairs.filter(([is, taken]) => is === taken).length);
    const names = evaluation.classes.map(({ label }) => label);
    expect(names).toEqual(['other', 'x', 'y', 'z']);
    evaluation.confusion.forEach((row, is) =>
      row.forEach((count, taken) =>
        expect(count).toBe(pairs.filter(([a, b]) => a === names[is] && b === names[taken]).length)
      )
    );
    expect(curve).toBeNull();
  });

  test('is about no others than those that were kept for it', () => {
    const outcome = { ...classified(['x', 'y'], 30), judged: Uint32Array.of(0, 2, 3) };
    const truth = trueLabels(outcome.rows, field(['y', 'x']));
    const [{ evaluation }] = judge(outcome, truth) as [ReturnType<typeof judge>[0]];
    // Row 10 and row 16 have a value, row 14 too.
    expect(evaluation.total).toBe(3);
  });

  test('of two labels has a curve for the first', () => {
    const outcome = classified(['x', 'y'], 30);
    const truth = trueLabels(outcome.rows, field(['y', 'x']));
    const [{ curve }] = judge(outcome, truth) as [ReturnType<typeof judge>[0]];
    expect(curve!.label).toBe('x');
    const { all } = outcome.runs[0]!;
    const places = [...outcome.rows.keys()].filter((place) => trueLabel(truth, place) !== null);
    for (const { threshold, recall } of curve!.points) {
      const own = places.filter((place) => trueLabel(truth, place) === 'x');
      const found = own.filter((place) => all[2 * place]! - all[2 * place + 1]! >= threshold);
      expect(recall).toBeCloseTo(found.length / own.length, 12);
    }
  });
});

describe('the items that are shown', () => {
  const outcome = classified(['x', 'y', 'z'], 45, 3);
  const run = outcome.runs[0]!;
  const all = { order: 'items', label: null, cell: null } as const;
  const stable = (sign: number) =>
    [...outcome.rows.keys()].sort((a, b) => sign * (run.margins[a]! - run.margins[b]!) || a - b);

  test.each([
    ['unsure', 1],
    ['sure', -1]
  ] as const)('stand %s first, of equals in their order', (order, sign) => {
    for (const most of [1, 7, 20, 45, 100]) {
      const { places, total } = placesToShow(outcome, run, null, { ...all, order }, most);
      expect([...places]).toEqual(stable(sign).slice(0, most));
      expect(total).toBe(45);
    }
  });

  test('are those of a label, or of a cell of the confusion matrix', () => {
    const ofY = [...outcome.rows.keys()].filter((place) => run.labels[place] === 1);
    const { places, total } = placesToShow(outcome, run, null, { ...all, label: 'y' }, 5);
    expect([...places]).toEqual(ofY.slice(0, 5));
    expect(total).toBe(ofY.length);
    const truth = trueLabels(outcome.rows, field(['x', 'y', 'z'], 200));
    const cell = { actual: 'z', predicted: 'y' };
    const found = placesToShow(outcome, run, truth, { ...all, cell }, 50);
    expect([...found.places]).toEqual(ofY.filter((place) => trueLabel(truth, place) === 'z'));
    expect(found.total).toBeGreaterThan(0);
  });

  test('are none where nothing is of a label', () => {
    const one = { ...outcome, labels: ['x', 'y', 'z', 'unused'] };
    const shown = { ...all, order: 'sure', label: 'unused' } as const;
    expect(placesToShow(one, run, null, shown, 50)).toEqual({
      places: new Uint32Array(0),
      total: 0
    });
  });
});

describe('unsure items', () => {
  test('are those whose lead is below a margin: none below 0, all below more than there can be', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { runs } = classified(['x', 'y', 'z'], 40, seed);
      expect(countUnsure(runs[0]!, 0)).toBe(0);
      expect(countUnsure(runs[0]!, 2.1)).toBe(40);
      const { margins } = runs[0]!;
      expect(countUnsure(runs[0]!, 0.25)).toBe(margins.filter((lead) => lead < 0.25).length);
    }
  });
});
