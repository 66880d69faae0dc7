import { describe, expect, it } from 'vitest';
import { normalise, dot } from '#lib/base/vector.ts';
import { leaveSelfOut } from '#lib/tasks/classify/centroids.ts';
import { labelTexts, parseLabels } from '#lib/tasks/classify/labels.ts';
import { bestLabels } from '#lib/tasks/classify/nearest-label.ts';
import { stratifiedSplit } from '#lib/tasks/classify/split.ts';
import { vote } from '#lib/tasks/classify/vote.ts';
import { seededRandom } from '../../../support/random.ts';

describe('labels', () => {
  it('are read a line each, with a description after the first colon', () => {
    const text = ' glad : happy: very \n\nsorry\n : nobody\nsorry: again\n';
    expect(parseLabels(text)).toEqual({
      labels: [
        { name: 'glad', description: 'happy: very' },
        { name: 'sorry', description: null }
      ],
      repeated: [{ line: 5, name: 'sorry' }]
    });
  });

  it('are embedded alone and, where one is described, by their descriptions', () => {
    const [alone, described, ...more] = labelTexts(parseLabels('glad: happy\nsorry').labels);
    expect(alone).toEqual({ name: 'Label only', texts: ['glad', 'sorry'] });
    expect(described).toEqual({ name: 'With description', texts: ['happy', 'sorry'] });
    expect(more).toEqual([]);
    expect(labelTexts(parseLabels('glad\nsorry:').labels)).toHaveLength(1);
  });
});

describe('the best label', () => {
  it('is the one of the highest score, of equals the first, and its lead is told', () => {
    const scores = Float32Array.of(0.25, 0.75, 0.5, 0.5, 0.5, 0.25, -0.5, -0.25, -1);
    const { labels, scores: best, margins } = bestLabels(scores, 3);
    expect([...labels]).toEqual([1, 0, 1]);
    expect([...best]).toEqual([0.75, 0.5, -0.25]);
    expect([...margins]).toEqual([0.25, 0, 0.25]);
  });

  it('of one label is that label', () => {
    expect(bestLabels(Float32Array.of(0.5, -0.5), 1).margins).toEqual(Float32Array.of(0.5, -0.5));
    expect(bestLabels(new Float32Array(0), 0).labels).toHaveLength(0);
  });
});

describe('neighbours', () => {
  const NONE = 0xffff_ffff;
  const labelOf = (row: number) => (row === NONE ? -1 : row % 3);

  it('vote as much as they are similar', () => {
    const found = {
      k: 3,
      rows: Uint32Array.of(0, 1, 4),
      similarities: Float32Array.of(0.5, 0.25, 0.5)
    };
    expect([...vote(found, 3, labelOf)]).toEqual([
      expect.closeTo(0.4, 6),
      expect.closeTo(0.6, 6),
      0
    ]);
  });

  it('that are less similar than not at all have no vote, unless all are: then the nearer has more', () => {
    const mixed = { k: 2, rows: Uint32Array.of(0, 1), similarities: Float32Array.of(0.1, -0.5) };
    expect([...vote(mixed, 3, labelOf)]).toEqual([1, 0, 0]);
    const far = { k: 2, rows: Uint32Array.of(0, 1), similarities: Float32Array.of(-0.75, -0.25) };
    expect([...vote(far, 3, labelOf)]).toEqual([0.25, 0.75, 0]);
    const opposite = { k: 2, rows: Uint32Array.of(0, 1), similarities: Float32Array.of(-1, -1) };
    expect([...vote(opposite, 3, labelOf)]).toEqual([0.5, 0.5, 0]);
  });

  it('that are missing have none', () => {
    const few = { k: 2, rows: Uint32Array.of(2, NONE), similarities: Float32Array.of(0.3, 0) };
    expect([...vote(few, 3, labelOf)]).toEqual([0, 0, 1]);
  });
});

describe('centroids', () => {
  it('tell an item as if it had not been learnt from', () => {
    const random = seededRandom(3);
    const vectors = Array.from({ length: 12 }, () =>
      normalise(Float32Array.from({ length: 5 }, () => random() - 0.3))
    );
    const classOf = (item: number) => (item < 10 ? item % 3 : -1);
    const mean = (items: number[]) => {
      const sum = new Float32Array(5);
      for (const item of items) vectors[item]!.forEach((value, d) => (sum[d]! += value));
      return normalise(sum);
    };
    const members = (group: number) =>
      [...vectors.keys()].filter((item) => classOf(item) === group);
    const similarities = Float32Array.from(
      vectors.flatMap((vector) => [0, 1, 2].map((group) => dot(vector, mean(members(group)))))
    );
    const left = leaveSelfOut(similarities, 3, classOf);
    vectors.forEach((vector, item) => {
      for (const group of [0, 1, 2]) {
        const others = mean(members(group).filter((other) => other !== item));
        expect(left[item * 3 + group]).toBeCloseTo(dot(vector, others), 4);
      }
    });
  });

  it('of an item alone in its class are as far from it as can be', () => {
    expect([...leaveSelfOut(Float32Array.of(1, 0.2), 2, () => 0)]).toEqual([
      -1,
      expect.closeTo(0.2, 6)
    ]);
  });
});

describe('a split', () => {
  it('has every class on both sides, in its share, and each item once', () => {
    const random = seededRandom(12);
    const classes = [...Array(50).fill(0), ...Array(10).fill(1), 2, 2, 3] as number[];
    const { train, test } = stratifiedSplit(classes, 0.2, random);
    expect([...train, ...test].sort((a, b) => a - b)).toEqual([...classes.keys()]);
    const count = (places: Uint32Array, of: number) =>
      places.filter((n) => classes[n] === of).length;
    expect([0, 1, 2, 3].map((of) => count(test, of))).toEqual([10, 2, 1, 0]);
    expect([0, 1, 2, 3].map((of) => count(train, of))).toEqual([40, 8, 1, 1]);
  });

  it('of a class of very many items is no trouble', () => {
    const { train, test } = stratifiedSplit(new Uint8Array(300_000), 0.2, seededRandom(2));
    expect([train.length, test.length]).toEqual([240_000, 60_000]);
  });

  it('is the same for the same numbers', () => {
    const classes = [0, 1, 0, 1, 0, 1, 0, 1];
    const once = stratifiedSplit(classes, 0.5, seededRandom(5));
    expect(stratifiedSplit(classes, 0.5, seededRandom(5))).toEqual(once);
  });
});
