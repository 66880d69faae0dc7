import { describe, expect, test } from 'vitest';
import type { GraphStatus, MeasuredWay, Measurement, Plan } from '#lib/index/types.ts';
import type { IndexFacts } from '#lib/workers/engine-api.ts';
import {
  answersNow,
  dimensionsSentence,
  efSearchSentence,
  measureNote,
  measuredWhen,
  recallLine
} from '#lib/ui/index-words.ts';

const exactWay = way({ precision: 'int8', recall: 0.999, p50Ms: 9 });
const hnswWay = way({ asked: 'hnsw', method: 'hnsw', efSearch: 64, recall: 0.9949, p50Ms: 1.9 });
const automaticWay = way({ asked: 'automatic', recall: 0.999, p50Ms: 9 });

function way(change: Partial<MeasuredWay>): MeasuredWay {
  return {
    ...{ asked: 'exact', method: 'exact', precision: 'int8', efSearch: null, oversampling: null },
    ...{ recall: 1, p50Ms: 1, p95Ms: 2 },
    ...change
  };
}

const measurement: Measurement = {
  ...{
    at: 0,
    generation: 0,
    rows: 1000,
    queries: 100,
    heldOut: false,
    truth: 'float32',
    shortened: [],
    graph: null,
    tuning: null
  },
  ways: [exactWay, hnswWay, automaticWay]
};
const tuning = { efSearch: 64, oversampling: 2, recall: 0.9949 };

function status(state: GraphStatus['state']): GraphStatus {
  return { state, rows: 0, total: 1000, origin: null };
}

function outlook(exactMs: number, graphMs?: number, method: Plan['method'] = 'exact') {
  const expected: Plan['expected'] = [{ method: 'exact', precision: 'int8', ms: exactMs }];
  if (graphMs) expected.push({ method: 'hnsw', precision: 'int8', ms: graphMs });
  return { method, precision: 'int8', reason: '', expected } as const;
}

function facts(change: Partial<IndexFacts> = {}): IndexFacts {
  return {
    ...{ rows: 1000, dimensions: 8, kernel: 'simd', resident: true, tuning: null },
    ...{ memory: { codes: 0, vectors: 0 }, disk: { codes: 0, vectors: 0 }, outlook: outlook(9) },
    settings: { choice: { dimensions: 'automatic', M: 16, efConstruction: 40 }, measurement: null },
    ...change
  };
}

function measured(change: Partial<IndexFacts> = {}): IndexFacts {
  const base = facts(change);
  return { ...base, settings: { ...base.settings, measurement } };
}

describe('what answers now', () => {
  test.each<[string, IndexFacts, GraphStatus['state'], string]>([
    ['an empty collection', facts({ rows: 0 }), 'none', 'There is nothing to search yet.'],
    [
      'a graph being built',
      facts(),
      'building',
      'Every search compares with all 1,000 items in about 9 ms. ' +
        'The graph is being built; it is used where it is faster.'
    ],
    [
      'a few items',
      facts({ rows: 1, outlook: outlook(0.02, 5) }),
      'ready',
      'Every search compares with the only item in less than 0.1 ms. At this size no graph is needed.'
    ],
    [
      'a graph that is slower',
      facts({ tuning, outlook: outlook(9, 8) }),
      'ready',
      'Every search compares with all 1,000 items in about 9 ms. ' +
        'The graph would take about 8 ms: it is used where it is faster.'
    ],
    [
      'a graph that finds too little',
      facts({ tuning: { ...tuning, recall: 0.9 }, outlook: outlook(9, 2) }),
      'ready',
      'Every search compares with all 1,000 items in about 9 ms. ' +
        'The graph would take about 2 ms, but finds only 90\u00a0% of the ten nearest.'
    ],
    [
      'a graph that answers',
      facts({ tuning, outlook: outlook(9, 2, 'hnsw') }),
      'ready',
      'A search asks the graph in about 2 ms; to compare with all 1,000 items would take about 9 ms.'
    ],
    [
      'a graph behind by much',
      facts({ outlook: outlook(9) }),
      'ready',
      'Every search compares with all 1,000 items in about 9 ms. The graph is catching up.'
    ]
  ])('is told for %s', (_, given, state, sentence) => {
    expect(answersNow(given, status(state))).toBe(sentence);
  });
});

describe('recall', () => {
  test('always says something', () => {
    expect(recallLine(null, status('none'))).toBe('—');
    expect(recallLine(facts(), status('ready'))).toBe('— not measured yet');
  });

  test('is of the graph as it is asked', () => {
    expect(recallLine(measured({ tuning }), status('ready'))).toBe(
      'HNSW finds 99.4\u00a0% of the ten nearest · 1.9 ms'
    );
  });

  test('of another graph does not count for this one', () => {
    expect(recallLine(measured(), status('ready'))).toMatch(/^— this graph/);
  });

  test('is of exact search while there is no graph', () => {
    expect(recallLine(measured(), status('failed'))).toBe(
      'Exact search finds 99.9\u00a0% of the ten nearest · 9 ms'
    );
  });

  test('tells when it was measured, and what Automatic found where it was exact', () => {
    expect(measuredWhen(measured({ tuning }), 60_000)).toBe(
      'Measured 1 minute ago with 100 questions. Automatic, exact then, found 99.9\u00a0%.'
    );
    expect(measuredWhen(measured({ rows: 1200 }), 0)).toBe(
      'Measured just now with 100 questions, when there were 1,000 items.'
    );
  });
});

describe('what another setting would give', () => {
  test('efSearch is told by what is found of ten, never rounded up to all', () => {
    expect(efSearchSentence(hnswWay)).toBe('efSearch 64 finds 9.9 of the 10 nearest in 1.9 ms.');
    expect(efSearchSentence({ ...hnswWay, recall: 0.9999 })).toMatch(/finds 9\.9 of/);
    expect(efSearchSentence({ ...hnswWay, recall: 1 })).toMatch(/finds all of the 10/);
  });

  test('dimensions are told by what is kept, the size and the time', () => {
    const shortened = { dimensions: 512, rows: 10_000, recall: 0.91, p50Ms: 0.4 };
    expect(dimensionsSentence(shortened, 1536)).toBe(
      '512 dimensions keep 9.1 of the 10 nearest, a third of the size, ' +
        '0.4 ms (tried on 10,000 items).'
    );
    expect(dimensionsSentence(shortened, 700)).toContain('73 % of the size');
    expect(dimensionsSentence(shortened, 512)).toBe(
      'All 512 dimensions, as they are: 0.4 ms (tried on 10,000 items).'
    );
  });
});

describe('before measuring', () => {
  test('too few items are told', () => {
    expect(measureNote(29, status('ready'), false)).toEqual({
      possible: false,
      note: 'Measuring takes at least 30 items: this collection has 29.'
    });
    expect(measureNote(30, status('ready'), false)).toEqual({ possible: true, note: '' });
  });

  test('a run and a graph that is not ready are told', () => {
    expect(measureNote(100, status('ready'), true).note).toMatch(/^Embedding goes on/);
    expect(measureNote(100, status('building'), false).note).toMatch(/only exact/);
  });
});
