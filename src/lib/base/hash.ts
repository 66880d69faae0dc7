import { sha256 } from '@noble/hashes/sha2.js';

/** Bytes of a {@link TextHash}: SHA-256 cut to 128 bits, far beyond accidental collisions. */
export const HASH_BYTES = 16;

/** Identifies a text that was, or will be, embedded. `HASH_BYTES` long. */
export type TextHash = Uint8Array;

const encoder = new TextEncoder();

/** Hash of the exact text sent to an embedder (UTF-8, SHA-256, first 16 bytes). */
export function hashText(text: string): TextHash {
  return sha256(encoder.encode(text)).slice(0, HASH_BYTES);
}

/** A hash as a short string, for use as a key in maps and stores (32 hexadecimal characters). */
export function hashKey(hash: Uint8Array, offset = 0): string {
  let key = '';
  for (let i = offset; i < offset + HASH_BYTES; i++) key += HEX[hash[i]!];
  return key;
}

/** The reverse of {@link hashKey}. */
export function hashOfKey(key: string): TextHash {
  return Uint8Array.from({ length: HASH_BYTES }, (_, i) =>
    parseInt(key.slice(2 * i, 2 * i + 2), 16)
  );
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
