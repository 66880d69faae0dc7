import { ProviderError, StoreError } from '#lib/base/errors.ts';
import { hashKey, hashText } from '#lib/base/hash.ts';
import { spaceKey, type Space } from '#lib/base/space.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { findHeld, type HeldVectors } from '#lib/collection/store/held.ts';
import {
  putCachedVectors,
  readCached,
  useCachedVectors
} from '#lib/collection/store/query-cache.ts';
import { packRequests } from '#lib/embedding/batch.ts';
import { BUILT_IN_IDENTITY } from '#lib/embedding/catalogue.ts';
import { cutLongTexts, PartVectors } from '#lib/embedding/long-text.ts';
import type { RunUnit } from '#lib/embedding/run.ts';
import { loadTokenizer } from '#lib/embedding/tokens.ts';
import type { EmbeddingAnswer, ProviderLimits } from '#lib/embedding/types.ts';

/** The vectors of some texts, and what they took. */
export interface EmbeddedTexts {
  /** `texts.length × dimensions`, row-major, L2-normalised. */
  vectors: Float32Array<ArrayBuffer>;
  /** Texts whose vector was kept: nothing was sent for them. */
  cached: number;
  tokens: number;
  ms: number;
}

/** Who is asked for vectors that are not kept, and within which limits. */
export interface Seller {
  limits: ProviderLimits;
  ask: (inputs: string[]) => Promise<EmbeddingAnswer>;
}

/**
 * The vectors of texts (questions, labels, a history) in a space: kept ones, the rest bought, each
 * text once and long ones in parts. What was bought is kept even when a later request fails. `seller`
 * is only asked for when something has to be bought. Throws `ProviderError`, `CancelledError`, and
 * `StoreError` but for want of room.
 */
export async function embedTexts(
  db: Database,
  texts: string[],
  space: Space,
  seller: () => Promise<Seller>
): Promise<EmbeddedTexts> {
  const from = performance.now();
  const hashes = texts.map((text) => hashKey(hashText(text)));
  const vectors = await keptVectors(db, space, hashes);
  const missing = new Map<string, string>();
  texts.forEach((text, n) => {
    if (!vectors.has(hashes[n]!)) missing.set(hashes[n]!, text);
  });
  const held = await heldElsewhere(db, space, [...missing.keys()]);
  for (const [hash, vector] of await held.read([...held.keys])) {
    vectors.set(hash, vector);
    missing.delete(hash);
  }
  const cached = hashes.filter((hash) => vectors.has(hash)).length;
  let tokens = 0;
  if (missing.size > 0) {
    const { limits, ask } = await seller();
    const parts = new PartVectors();
    const pieces = cutLongTexts(unitsOf(missing), limits.maxInputTokens, loadTokenizer);
    for await (const request of packRequests(pieces, limits)) {
      const answer = await ask(request.map(({ text }) => text));
      if (answer.dimensions !== space.dimensions) throw otherDimensions(space, answer.dimensions);
      tokens += answer.tokens;
      const bought = new Map<string, Float32Array>();
      request.forEach((piece, n) => {
        const start = n * space.dimensions;
        const whole = parts.add(piece, answer.vectors.subarray(start, start + space.dimensions));
        if (whole) bought.set(piece.unit.hash, whole);
      });
      for (const [hash, vector] of bought) vectors.set(hash, vector);
      await unlessFull(putCachedVectors(db, spaceKey(space), bought));
    }
  }
  const joined = new Float32Array(texts.length * space.dimensions);
  hashes.forEach((hash, n) => joined.set(vectors.get(hash)!, n * space.dimensions));
  return { vectors: joined, cached, tokens, ms: performance.now() - from };
}

/** Tokens of those of some texts whose vector in a space is not kept: what {@link embedTexts} would buy. */
export async function tokensToBuy(db: Database, texts: string[], space: Space): Promise<number> {
  const byHash = new Map(texts.map((text) => [hashKey(hashText(text)), text]));
  const kept = await readCached(db, spaceKey(space), [...byHash.keys()]);
  for (const { hash } of kept) byHash.delete(hash);
  for (const hash of (await heldElsewhere(db, space, [...byHash.keys()])).keys) byHash.delete(hash);
  if (byHash.size === 0) return 0;
  const { count } = await loadTokenizer();
  return [...byHash.values()].reduce((tokens, text) => tokens + count(text), 0);
}

/**
 * Which of some texts have a vector in a collection. Not for one question: to look through the texts of all
 * collections takes longer than it costs; nor where vectors are free.
 */
async function heldElsewhere(
  db: Database,
  space: Space,
  hashes: string[]
): Promise<Pick<HeldVectors, 'keys' | 'read'>> {
  if (hashes.length < 2 || space.provider === BUILT_IN_IDENTITY) {
    return { keys: new Set(), read: () => Promise.resolve(new Map()) };
  }
  return findHeld(db, space, new Set(hashes));
}

async function keptVectors(
  db: Database,
  space: Space,
  hashes: string[]
): Promise<Map<string, Float32Array>> {
  const kept = await unlessFull(useCachedVectors(db, spaceKey(space), new Set(hashes)));
  return kept ?? new Map<string, Float32Array>();
}

/** Bytes are never fewer than tokens, so that the tokeniser is only loaded for texts that may be long. */
async function* unitsOf(texts: Map<string, string>): AsyncGenerator<RunUnit> {
  const encoder = new TextEncoder();
  for (const [hash, text] of texts) {
    const bytes = encoder.encode(text).length;
    const tokens = bytes <= SURELY_SHORT ? bytes : (await loadTokenizer()).count(text);
    yield { hash, text, tokens, rows: [] };
  }
}

/** Below every provider's limit for one input. */
const SURELY_SHORT = 2000;

/** Texts are embedded though the storage is full: their vectors are then not kept. */
export async function unlessFull<T>(use: Promise<T>): Promise<T | undefined> {
  try {
    return await use;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'quota-exceeded') return undefined;
    throw error;
  }
}

function otherDimensions(space: Space, dimensions: number): ProviderError {
  return new ProviderError(
    'dimensions',
    `${space.model} answered with ${dimensions} dimensions; this collection has ${space.dimensions}.`,
    'The server may have another model under this name now: embed the collection again with it.'
  );
}
