import type { GraphStamp } from './types.ts';

/** What a graph's bytes must agree with. */
export type ExpectedGraph = Pick<GraphStamp, 'dimensions' | 'M' | 'efConstruction'>;

/** 11 × u32, f64, u32: the header of hnswlib's format with 32-bit sizes, as hnswlib-wasm writes it. */
const HEADER_WORDS = 14;
/** Vectors are L2-normalised; a length further off than this was not written by us. */
const LENGTH_TOLERANCE = 0.01;

/** Where things lie in the file, in 32-bit words. */
interface Layout {
  count: number;
  maxLevel: number;
  entryPoint: number;
  /** Most links of a point on the upper levels, and on level 0. */
  maxM: number;
  maxM0: number;
  /** Words of a point: its level-0 links with their head, its vector, its label. */
  pointWords: number;
  vectorOffset: number;
  labelOffset: number;
}

/**
 * Checks a graph file before WebAssembly, which trusts it, loads it: sizes and offsets against each
 * other and the file's length, every link to an existing point on an existing level, labels unique,
 * vectors finite and normalised. Returns why the file can't be used, as half a sentence, or undefined
 * when loading and searching it can neither trap nor loop. It does not see whether links are the best
 * ones, or bits of a vector were changed: that is what the digest is for.
 *
 * @see https://github.com/nmslib/hnswlib/blob/v0.7.0/hnswlib/hnswalg.h `loadIndex`
 */
export function checkGraph(bytes: Uint8Array, expected: ExpectedGraph): string | undefined {
  if (bytes.byteLength % 4 !== 0 || bytes.byteLength < HEADER_WORDS * 4)
    return 'its length is wrong';
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);

  const layout = readLayout(words, expected);
  if (typeof layout === 'string') return layout;
  return (
    checkPoints(words, layout) ??
    checkLabels(words, layout) ??
    checkVectors(floats, layout) ??
    checkUpperLevels(words, layout)
  );
}

/** How many points a graph file that {@link checkGraph} accepts holds. */
export function countPoints(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
}

/** The header's layout, or why it contradicts itself, the file's length or what is expected. */
function readLayout(words: Uint32Array, expected: ExpectedGraph): Layout | string {
  const [offsetLevel0, max, count, pointBytes, labelBytes, vectorBytes] = words;
  const [maxLevel, entryPoint, maxM, maxM0, M] = words.subarray(6);
  const mult = new DataView(words.buffer, words.byteOffset).getFloat64(44, true);
  const { dimensions } = expected;
  const linkBytes = 4 + 8 * expected.M;

  if (!count) return 'it holds no points';
  if (M !== expected.M || maxM !== M || maxM0 !== 2 * M || M < 2) return 'its M is another';
  if (words[13] !== Math.max(expected.efConstruction, M)) return 'its efConstruction is another';
  if (!(Math.abs(mult - 1 / Math.log(M)) < 1e-9)) return 'its level factor is wrong';
  if (offsetLevel0 !== 0 || vectorBytes !== linkBytes) return 'its offsets are wrong';
  if (labelBytes !== linkBytes + 4 * dimensions)
    return `its vectors do not have ${dimensions} dimensions`;
  if (pointBytes !== labelBytes + 4 || max! < count) return 'its sizes are wrong';
  // Each point is followed by at least the size of its upper links.
  if (HEADER_WORDS + count * (pointBytes / 4 + 1) > words.length) return 'it is cut short';
  if (entryPoint! >= count) return 'its entry point does not exist';
  return {
    count,
    maxLevel: maxLevel!,
    entryPoint: entryPoint!,
    maxM,
    maxM0,
    pointWords: pointBytes / 4,
    vectorOffset: vectorBytes / 4,
    labelOffset: labelBytes / 4
  };
}

/** Level-0 links: the head's low half counts them, its bit 16 marks the point as deleted. */
function checkPoints(words: Uint32Array, { count, maxM0, pointWords }: Layout): string | undefined {
  for (let point = 0; point < count; point++) {
    const head = HEADER_WORDS + point * pointWords;
    const links = words[head]! & 0xffff;
    if (links > maxM0 || words[head]! >>> 17 !== 0) return 'a point has too many links';
    for (let i = 1; i <= links; i++) {
      if (words[head + i]! >= count) return 'a link leads to a point that does not exist';
    }
  }
  return undefined;
}

function checkLabels(
  words: Uint32Array,
  { count, pointWords, labelOffset }: Layout
): string | undefined {
  const labels = new Uint32Array(count);
  for (let point = 0; point < count; point++) {
    labels[point] = words[HEADER_WORDS + point * pointWords + labelOffset]!;
  }
  labels.sort();
  for (let i = 1; i < count; i++) if (labels[i] === labels[i - 1]) return 'a row is in it twice';
  return undefined;
}

function checkVectors(floats: Float32Array, layout: Layout): string | undefined {
  const { count, pointWords, vectorOffset, labelOffset } = layout;
  for (let point = 0; point < count; point++) {
    const start = HEADER_WORDS + point * pointWords;
    let squares = 0;
    for (let i = start + vectorOffset; i < start + labelOffset; i++)
      squares += floats[i]! * floats[i]!;
    if (!(Math.abs(squares - 1) < LENGTH_TOLERANCE)) return 'a vector is not normalised';
  }
  return undefined;
}

/** Upper levels: a list of links for each level of each point; a link needs its target on that level. */
function checkUpperLevels(words: Uint32Array, layout: Layout): string | undefined {
  const { count, maxLevel, entryPoint, maxM, pointWords } = layout;
  const listWords = 1 + maxM;
  const levels = new Uint32Array(count);
  const starts = new Uint32Array(count);
  let next = HEADER_WORDS + count * pointWords;
  for (let point = 0; point < count; point++) {
    const listBytes = words[next++];
    if (listBytes === undefined) return 'it is cut short';
    if (listBytes % (4 * listWords) !== 0) return 'the size of a link list is wrong';
    levels[point] = listBytes / (4 * listWords);
    starts[point] = next;
    next += listBytes / 4;
    if (levels[point]! > maxLevel) return 'a point is above the top level';
  }
  if (next !== words.length) return 'its length is wrong';
  if (levels[entryPoint] !== maxLevel) return 'its entry point is not on the top level';

  for (let point = 0; point < count; point++) {
    for (let level = 1; level <= levels[point]!; level++) {
      const head = starts[point]! + (level - 1) * listWords;
      const links = words[head]!;
      if (links > maxM) return 'a point has too many links';
      for (let i = 1; i <= links; i++) {
        const target = words[head + i]!;
        if (target >= count || levels[target]! < level)
          return 'a link leads to a point that does not exist';
      }
    }
  }
  return undefined;
}
