import { describe, expect, test } from 'vitest';
import { checkGraph } from '#lib/index/check-graph.ts';
import type { CollectionId } from '#lib/base/ids.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { saveGraph } from '#lib/collection/store/graphs.ts';
import { HnswGraph } from '#lib/index/hnsw.ts';
import { DEFAULT_INDEX_SETTINGS } from '#lib/index/tuning.ts';
import { readIndexSource } from '#lib/workers/index-source.ts';
import { restoreGraph, type Restored } from '#lib/workers/saved-graph.ts';
import { digestOf } from '#lib/workers/shard-api.ts';
import { ShardSet } from '#lib/workers/shards.ts';
import { ALWAYS_REFUSED, DAMAGES, damage, HEADER_BYTES } from '../../support/damaged-graphs.ts';
import { seededRandom } from '../../support/random.ts';
import { clusteredVectors, vectorAt } from '../../support/vectors.ts';
import { freshDatabase } from '../store/support.ts';
import { embedRows, PARAMETERS, saveInTwo, spaceOf, stageRows } from '../workers/graph-support.ts';

const DIMENSIONS = 16;
const COUNT = 300;
const MADE = { dimensions: DIMENSIONS, ...PARAMETERS };
const EF = 100;
const SHAPE = { ...MADE, count: COUNT };

const vectors = clusteredVectors(COUNT, DIMENSIONS);

async function graphBytes(): Promise<Uint8Array<ArrayBuffer>> {
  const graph = await HnswGraph.create(MADE, COUNT);
  for (let row = 0; row < COUNT; row++) graph.add(row, vectorAt(vectors, row, DIMENSIONS));
  return graph.bytes();
}

/** Ten nearest rows of ten queries, with distances. */
function answers(graph: HnswGraph): unknown {
  const ask = (_: unknown, q: number) => graph.search(vectorAt(vectors, q, DIMENSIONS), 10, EF);
  return Array.from({ length: 10 }, ask);
}

/** `npm run soak` asks for more. */
const { VITE_SOAK_ROUNDS = 300, VITE_SOAK_SEED = 7 } = import.meta.env;
const SEED = Number(VITE_SOAK_SEED);
const MUTANTS = Math.ceil(Number(VITE_SOAK_ROUNDS) / DAMAGES.length);

describe('of many graphs with', () => {
  test.each(DAMAGES)('%s none traps, loops or answers rows that are not in it', async (kind) => {
    const bytes = await graphBytes();
    const random = seededRandom(SEED);
    let refused = 0;
    for (let n = 0; n < MUTANTS; n++) {
      const mutant = damage(bytes, kind, SHAPE, random);
      if (checkGraph(mutant, MADE)) {
        await expect(HnswGraph.load(mutant, MADE, COUNT)).rejects.toMatchObject({
          code: 'graph-damaged'
        });
        refused++;
        continue;
      }
      const graph = await HnswGraph.load(mutant, MADE, COUNT);
      answers(graph);
      for (const row of graph.search(vectorAt(vectors, 0, DIMENSIONS), COUNT, EF).rows) {
        expect(graph.rows.has(row)).toBe(true);
      }
      // What goes in afterwards walks the damaged links too.
      graph.add(2 ** 32 - 1, vectorAt(vectors, 1, DIMENSIONS));
    }
    expect(refused).toBeGreaterThan(0);
    if (ALWAYS_REFUSED.includes(kind)) expect(refused).toBe(MUTANTS);
  });
});

test('damage the check lets through in the header changes no answer', async () => {
  const bytes = await graphBytes();
  const original = answers(await HnswGraph.load(bytes, MADE, COUNT));
  const random = seededRandom(11);
  let loaded = 0;
  for (let n = 0; n < 100; n++) {
    const mutant = bytes.slice();
    mutant[Math.floor(random() * HEADER_BYTES)]! ^= 1 << Math.floor(random() * 8);
    if (checkGraph(mutant, MADE)) continue;
    loaded++;
    expect(answers(await HnswGraph.load(mutant, MADE, COUNT))).toEqual(original);
  }
  expect(loaded).toBeGreaterThan(0);
});

describe('of many saved graphs with one part that has', () => {
  /** Two parts of the first rows, in threads of the same page: workers would take far longer. */
  async function savedInTwo() {
    const db = await freshDatabase();
    const space = spaceOf(DIMENSIONS);
    const id = await stageRows(db, vectors, space);
    await embedRows(db, id, vectors, space);
    return { db, id, saved: await saveInTwo(db, id, vectors, space) };
  }

  /** How the graph worker takes up what is saved. */
  async function restore(db: Database, id: CollectionId): Promise<Restored> {
    return restoreGraph(db, id, await readIndexSource(db, id), {
      settings: DEFAULT_INDEX_SETTINGS,
      cores: 2,
      capacity: () => COUNT,
      start: (shards) => new ShardSet(shards, {}, () => {})
    });
  }

  test.each(DAMAGES)('%s none is an error: it serves, or is refused', async (kind) => {
    const { db, id, saved } = await savedInTwo();
    const random = seededRandom(SEED);
    const parts = await Promise.all(saved.shards.map((blob) => blob.arrayBuffer()));
    for (let n = 0; n < Math.ceil(MUTANTS / 5); n++) {
      const which = Math.floor(random() * 2);
      const shape = { ...SHAPE, count: COUNT / 2 };
      const mutant = damage(new Uint8Array(parts[which]!), kind, shape, random);
      const shards = saved.shards.with(which, new Blob([mutant]));
      // A digest that fits leaves it to the check of the structure.
      const fits = random() < 0.5;
      const digests = saved.stamp.digests.with(which, await digestOf(mutant));
      const changed = digests[which] !== saved.stamp.digests[which];
      const stamp = fits ? { ...saved.stamp, digests } : saved.stamp;
      await saveGraph(db, { ...saved, shards, stamp });

      const restored = await restore(db, id);
      if (!restored.graph) {
        expect(restored.reason).toBe('The saved graph is damaged, so it is built again.');
        continue;
      }
      expect(fits || !changed).toBe(true);
      expect(ALWAYS_REFUSED).not.toContain(kind);
      for (let q = 0; q < 5; q++) {
        const near = await restored.graph.search(vectorAt(vectors, q, DIMENSIONS), COUNT, EF);
        const rows = [...near!.rows];
        expect(rows.every((row) => row < COUNT)).toBe(true);
        expect(new Set(rows).size).toBe(rows.length);
      }
      restored.graph.end();
    }
  });
});
