/** The nearest rows of each query, nearest first. */
export type Truth = number[][];

/**
 * The `k` rows nearest to each query, and those among `allowed` (a bitmap), by comparing with all of
 * them in double precision. Vectors are row-major, L2-normalised; equal similarities by row.
 */
export function findTruth(
  vectors: Float32Array,
  queries: Float32Array,
  dimensions: number,
  k: number,
  allowed: Uint8Array
): { all: Truth; filtered: Truth } {
  const count = vectors.length / dimensions;
  const similarities = new Float64Array(count);
  const truth = { all: [] as Truth, filtered: [] as Truth };
  for (let start = 0; start < queries.length; start += dimensions) {
    const query = Float64Array.from(queries.subarray(start, start + dimensions));
    for (let row = 0; row < count; row++) similarities[row] = dot(vectors, row * dimensions, query);
    truth.all.push(best(similarities, k));
    truth.filtered.push(best(similarities, k, allowed));
  }
  return truth;
}

/** Share of the true rows that were found, over all queries. */
export function recall(found: number[][], truth: Truth): number {
  let hits = 0;
  let wanted = 0;
  truth.forEach((rows, i) => {
    const got = new Set(found[i]);
    hits += rows.filter((row) => got.has(row)).length;
    wanted += rows.length;
  });
  return hits / wanted;
}

/** In double precision, four sums side by side. */
function dot(vectors: Float32Array, start: number, query: Float64Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = query.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    a += vectors[start + i]! * query[i]!;
    b += vectors[start + i + 1]! * query[i + 1]!;
    c += vectors[start + i + 2]! * query[i + 2]!;
    d += vectors[start + i + 3]! * query[i + 3]!;
  }
  for (let i = whole; i < query.length; i++) a += vectors[start + i]! * query[i]!;
  return a + b + c + d;
}

function best(similarities: Float64Array, k: number, allowed?: Uint8Array): number[] {
  const rows: number[] = [];
  for (let row = 0; row < similarities.length; row++) {
    if (allowed && !(allowed[row >> 3]! & (1 << (row & 7)))) continue;
    const similarity = similarities[row]!;
    if (rows.length === k && similarity <= similarities[rows[k - 1]!]!) continue;
    let at = rows.length === k ? k - 1 : rows.length;
    for (; at > 0 && similarities[rows[at - 1]!]! < similarity; at--) rows[at] = rows[at - 1]!;
    rows[at] = row;
  }
  return rows;
}
