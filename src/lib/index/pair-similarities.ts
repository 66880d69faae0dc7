import { makeBreather } from '#lib/base/breathe.ts';
import { sampleRows } from './bitmap.ts';
import { similarityAt } from './similarity.ts';
import type { VectorTable } from './vector-table.ts';

/** Items whose pairs are compared: 256 make 32,640 pairs, enough to tell one in a thousand. */
const SAMPLE = 256;

/**
 * Cosine similarities of pairs of live rows, rising: of all pairs, or of all within an even sample of
 * 256 rows. What a similarity means in a collection can be read off it, since models differ in how
 * near to each other they put unrelated texts. Throws what reading vectors throws.
 */
export async function pairSimilarities(table: VectorTable): Promise<Float32Array<ArrayBuffer>> {
  const { dimensions } = table;
  const rows = sampleRows(table.live.bits, SAMPLE);
  const vectors = await table.read(rows);
  const similarities = new Float32Array((rows.length * (rows.length - 1)) / 2);
  const breathe = makeBreather();
  let pair = 0;
  for (let a = 0; a < rows.length; a++) {
    const vector = vectors.subarray(a * dimensions, (a + 1) * dimensions);
    for (let b = a + 1; b < rows.length; b++) {
      similarities[pair++] = similarityAt(vectors, b * dimensions, vector);
    }
    await breathe();
  }
  return similarities.sort();
}
