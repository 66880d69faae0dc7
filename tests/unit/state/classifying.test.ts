import { describe, expect, test } from 'vitest';
import { dot, normalise } from '#lib/base/vector.ts';
import { compareEach, groupMeans } from '#lib/index/compare-each.ts';
import { Engine } from '#lib/index/engine.ts';
import { loadKernel } from '#lib/index/kernel/load.ts';
import {
  classifyByExamples,
  classifyByLabels,
  type Comparing,
  type Judgement,
  type Rule
} from '#lib/state/classifying.ts';
import type { Teacher } from '#lib/state/teacher.ts';
import { seededRandom } from '../../support/random.ts';
import { clusteredVectors, vectorAt } from '../../support/vectors.ts';

const DIMENSIONS = 13;
const COUNT = 120;
const LABELS = ['a', 'b', 'c'];
const vectors = clusteredVectors(COUNT, DIMENSIONS, { clusters: 5 });
const at = (row: number) => vectorAt(vectors, row, DIMENSIONS);
/** Some rows are gone: rows are not places. */
const rows = Uint32Array.from({ length: COUNT }, (_, row) => row).filter((row) => row % 7 !== 3);
const working = () => ({ onProgress: () => {}, signal: new AbortController().signal });

/** What an engine's worker answers with, of the rows that are there. */
async function comparing(): Promise<Comparing> {
  const engine = Engine.open(DIMENSIONS, { kernel: await loadKernel() });
  const batch = new Float32Array(rows.length * DIMENSIONS);
  rows.forEach((row, n) => batch.set(at(row), n * DIMENSIONS));
  engine.add({ rows: [...rows], vectors: batch });
  return {
    similarities: (...args) => compareEach(engine.table, ...args),
    means: (groups, signal) => groupMeans(engine.table, groups, signal),
    searchMany: (query, ...rest) => engine.searchMany(query, ...rest)
  };
}

/** Labels for about this share of the rows. */
function teach(share: number, seed: number): Teacher {
  const random = seededRandom(seed);
  const of = Uint16Array.from({ length: COUNT }, () =>
    random() < share ? 1 + Math.floor(random() * LABELS.length) : 0
  );
  return { labels: LABELS, of };
}

/** What `k` neighbours of a row among taught ones say, itself left out, by sorting all of them. */
function bruteForce(row: number, k: number, { of }: Teacher): number {
  const near = [...rows]
    .filter((other) => other !== row && of[other])
    .map((other) => ({ label: of[other]! - 1, similarity: dot(at(row), at(other)) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, k);
  const some = near.some(({ similarity }) => similarity > 0);
  const votes = LABELS.map((_, label) =>
    near
      .filter((one) => one.label === label)
      .reduce((sum, { similarity }) => sum + (some ? Math.max(0, similarity) : 1 + similarity), 0)
  );
  return votes.indexOf(Math.max(...votes));
}

const examples = async (teacher: Teacher, rule: Rule, judgement: Judgement = 'leave-one-out') =>
  classifyByExamples(await comparing(), teacher, rule, judgement, rows, working());

describe('neighbours', () => {
  test.each([1, 2, 5, 1000])('%i of them tell as brute force does', async (k) => {
    for (const seed of [1, 2, 3]) {
      const teacher = teach(0.4, seed);
      const { runs } = await examples(teacher, { kind: 'neighbours', k });
      expect([...runs[0]!.labels]).toEqual([...rows].map((row) => bruteForce(row, k, teacher)));
    }
  });

  test('are enough when there is one for each label', async () => {
    const of = new Uint16Array(COUNT);
    for (const label of [1, 2, 3]) of[rows[label]!] = label;
    const { runs, judged } = await examples({ labels: LABELS, of }, { kind: 'neighbours', k: 5 });
    expect([...runs[0]!.labels]).toEqual(
      [...rows].map((row) => bruteForce(row, 5, { labels: LABELS, of }))
    );
    expect([...judged!]).toEqual([1, 2, 3]);
  });
});

describe('centroids', () => {
  test('tell an item by the mean of each class without it', async () => {
    const teacher = teach(0.5, 4);
    const { runs } = await examples(teacher, { kind: 'centroid' });
    const expected = [...rows].map((row) => {
      const scores = LABELS.map((_, label) => {
        const mean = new Float32Array(DIMENSIONS);
        for (const other of rows) {
          if (other === row || teacher.of[other] !== label + 1) continue;
          at(other).forEach((value, d) => (mean[d]! += value));
        }
        return dot(at(row), normalise(mean));
      });
      return scores.indexOf(Math.max(...scores));
    });
    expect([...runs[0]!.labels]).toEqual(expected);
  });
});

describe('a split', () => {
  test('judges items that were not learnt from', async () => {
    const teacher = teach(0.6, 5);
    const rule = { kind: 'neighbours', k: 3 } as const;
    const { runs, judged } = await examples(teacher, rule, 'split');
    const of = teacher.of.slice();
    for (const place of judged!) of[rows[place]!] = 0;
    const taught = [...rows].filter((row) => teacher.of[row]).length;
    expect(judged!.length / taught).toBeCloseTo(0.2, 1);
    expect([...runs[0]!.labels]).toEqual(
      [...rows].map((row) => bruteForce(row, 3, { labels: LABELS, of }))
    );
  });
});

describe('labels', () => {
  const embed = (texts: string[]) => {
    const found = Float32Array.from(texts.flatMap((text) => [...at(Number(text))]));
    return Promise.resolve({ vectors: found, cached: 0, tokens: 0, ms: 0 });
  };

  test('tell an item by the nearest text, once alone and once by descriptions', async () => {
    const labels = [
      { name: '5', description: '60' },
      { name: '20', description: null }
    ];
    const { runs } = await classifyByLabels(await comparing(), embed, labels, rows, working());
    const nearest = (...texts: number[]) =>
      [...rows].map((row) => (dot(at(row), at(texts[1]!)) > dot(at(row), at(texts[0]!)) ? 1 : 0));
    expect(runs.map(({ name }) => name)).toEqual(['Label only', 'With description']);
    expect([...runs[0]!.labels]).toEqual(nearest(5, 20));
    expect([...runs[1]!.labels]).toEqual(nearest(60, 20));
  });

  test('are not gone on with when it is called off', async () => {
    const controller = new AbortController();
    const labels = [5, 20].map((name) => ({ name: String(name), description: null }));
    const running = classifyByLabels(await comparing(), embed, labels, rows, {
      onProgress: () => controller.abort(),
      signal: controller.signal
    });
    await expect(running).rejects.toThrow(expect.objectContaining({ code: 'cancelled' }));
  });
});
