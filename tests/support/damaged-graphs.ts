type Bytes = Uint8Array<ArrayBuffer>;

/** What a graph file holds. */
interface Shape {
  count: number;
  dimensions: number;
  M: number;
}

interface Layout extends Shape {
  linkBytes: number;
  pointBytes: number;
}

export const HEADER_BYTES = 56;

/** Ways to damage a graph file, in place unless they return another. */
const DAMAGE: Record<
  string,
  (bytes: Bytes, layout: Layout, random: () => number) => Bytes | undefined
> = {
  'a flipped bit'(bytes, layout, random) {
    bytes[placeIn(bytes, layout, 1, random)]! ^= 1 << below(8, random);
    return undefined;
  },
  'another byte'(bytes, layout, random) {
    bytes[placeIn(bytes, layout, 1, random)] = below(256, random);
    return undefined;
  },
  'another word'(bytes, layout, random) {
    const at = placeIn(bytes, layout, 4, random);
    new DataView(bytes.buffer).setUint32(at, below(2 ** 32, random), true);
    return undefined;
  },
  'another header field'(bytes, { count }, random) {
    const field = 4 * below(HEADER_BYTES / 4, random);
    const limit = random() < 0.5 ? 2 * count : 2 ** 32;
    new DataView(bytes.buffer).setUint32(field, below(limit, random), true);
    return undefined;
  },
  'a cut'(bytes, _, random) {
    return bytes.slice(0, below(bytes.length, random));
  },
  'a row that is there twice'(bytes, { count, pointBytes }, random) {
    const from = below(count, random);
    const to = (from + 1 + below(count - 1, random)) % count;
    const label = (point: number) => HEADER_BYTES + (point + 1) * pointBytes - 4;
    bytes.copyWithin(label(to), label(from), label(from) + 4);
    return undefined;
  },
  // The header agrees with itself, so that points would overlap or reach beyond the end.
  'other dimensions'(bytes, { dimensions, linkBytes }, random) {
    const header = new DataView(bytes.buffer);
    const other = below(2 * dimensions, random) + 1;
    const wrong = other === dimensions ? 1 : other;
    header.setUint32(12, linkBytes + 4 * wrong + 4, true);
    header.setUint32(16, linkBytes + 4 * wrong, true);
    return undefined;
  }
};

/** The kinds of damage there are. */
export const DAMAGES = Object.keys(DAMAGE);

/** Damage that no check can miss. */
export const ALWAYS_REFUSED = ['a cut', 'a row that is there twice', 'other dimensions'];

/** A copy of a graph file, damaged. */
export function damage(bytes: Bytes, kind: string, shape: Shape, random: () => number): Bytes {
  const linkBytes = 4 + 8 * shape.M;
  const layout = { ...shape, linkBytes, pointBytes: linkBytes + 4 * shape.dimensions + 4 };
  const copy = bytes.slice();
  return DAMAGE[kind]!(copy, layout, random) ?? copy;
}

function below(limit: number, random: () => number): number {
  return Math.floor(random() * limit);
}

/** A place for `size` bytes; mostly in the header, a link list, or the upper levels. */
function placeIn(
  bytes: Bytes,
  { count, pointBytes, linkBytes }: Layout,
  size: number,
  random: () => number
): number {
  const upper = HEADER_BYTES + count * pointBytes;
  const kind = below(4, random);
  if (kind === 0) return below(HEADER_BYTES - size, random);
  if (kind === 1)
    return HEADER_BYTES + below(count, random) * pointBytes + below(linkBytes, random);
  if (kind === 2) return upper + below(bytes.length - upper - size, random);
  return below(bytes.length - size, random);
}
