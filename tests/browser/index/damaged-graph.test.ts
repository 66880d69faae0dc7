import { expect, test } from 'vitest';
import { checkGraph } from '#lib/index/check-graph.ts';
import { GRAPH_PARAMETERS, HnswGraph } from '#lib/index/hnsw.ts';
import { seededRandom } from '../../support/random.ts';
import { clusteredVectors, vectorAt } from '../../support/vectors.ts';

const DIMENSIONS = 16;
const COUNT = 300;
const { M, efConstruction, efSearch } = GRAPH_PARAMETERS;
const STAMP = { dimensions: DIMENSIONS, count: COUNT, M, efConstruction };

const vectors = clusteredVectors(COUNT, DIMENSIONS);

async function graphBytes(): Promise<Uint8Array<ArrayBuffer>> {
  const graph = await HnswGraph.create(DIMENSIONS, COUNT, GRAPH_PARAMETERS);
  for (let row = 0; row < COUNT; row++) graph.add(row, vectorAt(vectors, row, DIMENSIONS));
  return graph.bytes();
}

/** Changes a bit, a byte, a word, or the length; half of the time in the header or a link list. */
function mutate(bytes: Uint8Array<ArrayBuffer>, random: () => number): Uint8Array {
  const mutant = bytes.slice();
  const pointBytes = 4 + 8 * M + 4 * DIMENSIONS + 4;
  const at = (size: number) => {
    const kind = Math.floor(random() * 4);
    const points = 56 + COUNT * pointBytes;
    if (kind === 0) return Math.floor(random() * (56 - size));
    if (kind === 1)
      return 56 + Math.floor(random() * COUNT) * pointBytes + Math.floor(random() * 132);
    if (kind === 2) return points + Math.floor(random() * (bytes.length - points - size));
    return Math.floor(random() * (bytes.length - size));
  };
  const how = random();
  if (how < 0.1) return mutant.slice(0, Math.floor(random() * mutant.length));
  if (how < 0.4) mutant[at(1)]! ^= 1 << Math.floor(random() * 8);
  else if (how < 0.7) mutant[at(1)] = Math.floor(random() * 256);
  else new DataView(mutant.buffer).setUint32(at(4), Math.floor(random() * 2 ** 32), true);
  return mutant;
}

/** Ten nearest rows of ten queries, with distances. */
function answers(graph: HnswGraph): unknown {
  return Array.from({ length: 10 }, (_, q) => graph.search(vectorAt(vectors, q, DIMENSIONS), 10));
}

/** `npm run soak` asks for more. */
const { VITE_SOAK_ROUNDS = 100, VITE_SOAK_SEED = 7 } = import.meta.env;
const MUTANTS = Number(VITE_SOAK_ROUNDS);

test('of many damaged graphs none traps, loops or answers rows that are not in it', async () => {
  const bytes = await graphBytes();
  const random = seededRandom(Number(VITE_SOAK_SEED));
  let refused = 0;
  for (let n = 0; n < MUTANTS; n++) {
    const mutant = mutate(bytes, random);
    if (checkGraph(mutant, STAMP)) {
      await expect(HnswGraph.load(mutant, STAMP, COUNT, efSearch)).rejects.toMatchObject({
        code: 'graph-damaged'
      });
      refused++;
      continue;
    }
    const graph = await HnswGraph.load(mutant, STAMP, COUNT, efSearch);
    answers(graph);
    for (const row of graph.search(vectorAt(vectors, 0, DIMENSIONS), COUNT).rows) {
      expect(graph.rows.has(row)).toBe(true);
    }
    // What goes in afterwards walks the damaged links too.
    graph.add(2 ** 32 - 1, vectorAt(vectors, 1, DIMENSIONS));
  }
  expect(refused).toBeGreaterThan(0.4 * MUTANTS);
});

test('damage the check lets through in the header changes no answer', async () => {
  const bytes = await graphBytes();
  const original = answers(await HnswGraph.load(bytes, STAMP, COUNT, efSearch));
  const random = seededRandom(11);
  let loaded = 0;
  for (let n = 0; n < 100; n++) {
    const mutant = bytes.slice();
    mutant[Math.floor(random() * 56)]! ^= 1 << Math.floor(random() * 8);
    if (checkGraph(mutant, STAMP)) continue;
    loaded++;
    expect(answers(await HnswGraph.load(mutant, STAMP, COUNT, efSearch))).toEqual(original);
  }
  expect(loaded).toBeGreaterThan(0);
});
