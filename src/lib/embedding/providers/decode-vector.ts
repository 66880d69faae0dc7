/**
 * The vector in an answer: base64 of little-endian float32 (OpenAI's `encoding_format: 'base64'`),
 * or a list of numbers from servers that know no other format. Undefined when it is neither, or
 * empty.
 */
export function decodeVector(embedding: unknown): Float32Array | undefined {
  if (typeof embedding === 'string') return decodeBase64(embedding);
  if (!Array.isArray(embedding) || embedding.length === 0) return undefined;
  return embedding.every((value) => typeof value === 'number')
    ? Float32Array.from(embedding)
    : undefined;
}

function decodeBase64(text: string): Float32Array | undefined {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = toBytes(text);
  } catch {
    return undefined;
  }
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
  return new Float32Array(bytes.buffer, 0, bytes.length / 4);
}

/** `fromBase64` is fastest; browsers before 2025 and Node 24 lack it. */
function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const { fromBase64 } = Uint8Array as Partial<Uint8ArrayConstructor>;
  if (fromBase64) return fromBase64.call(Uint8Array, text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
