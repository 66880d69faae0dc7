/** A point of a hand-made graph file. */
interface Point {
  label: number;
  vector: number[];
  /** Links of level 0, then of each level above. */
  links: number[][];
}

/**
 * A graph file as hnswlib-wasm writes it, M 2 and efConstruction 200: header, points, upper levels.
 * @see https://github.com/nmslib/hnswlib/blob/v0.7.0/hnswlib/hnswalg.h `saveIndex`
 */
export function makeGraphFile(points: Point[], entryPoint: number): Uint8Array<ArrayBuffer> {
  const M = 2;
  const dimensions = points[0]!.vector.length;
  const vectorOffset = 4 + 8 * M;
  const labelOffset = vectorOffset + 4 * dimensions;
  const maxLevel = points[entryPoint]!.links.length - 1;
  const header = [0, points.length, points.length, labelOffset + 4, labelOffset, vectorOffset];
  header.push(maxLevel, entryPoint, M, 2 * M, M);
  const list = (links: number[], most: number) => [links.length, ...pad(links, most)];
  const words = [
    ...header,
    ...new Uint32Array(Float64Array.of(1 / Math.log(M)).buffer),
    200,
    ...points.flatMap(({ label, vector, links }) => [
      ...list(links[0]!, 2 * M),
      ...new Uint32Array(Float32Array.from(vector).buffer),
      label
    ]),
    ...points.flatMap(({ links }) => {
      const upper = links.slice(1).flatMap((level) => list(level, M));
      return [upper.length * 4, ...upper];
    })
  ];
  return new Uint8Array(Uint32Array.from(words).buffer);
}

function pad(links: number[], most: number): number[] {
  return [...links, ...new Array<number>(most - links.length).fill(0)];
}
