import { ProviderError } from '#lib/base/errors.ts';
import { normalise, vectorFault } from '#lib/base/vector.ts';
import type { EmbeddingAnswer } from '../types.ts';
import { decodeVector } from './decode-vector.ts';

/**
 * Checks the body of an embeddings answer and puts its vectors in the order of the inputs: one for
 * each of `inputs`, each `index` once, all of the same dimensions, finite, not zero. Returns them
 * L2-normalised; `tokens` is what the endpoint says it counted, 0 when it does not say.
 * Throws `ProviderError`: `malformed`, or `dimensions` when the vectors agree with each other but
 * not with the `dimensions` asked for, which no other try would change.
 */
export function checkAnswer(body: unknown, inputs: number, dimensions?: number): EmbeddingAnswer {
  const { usage } = asRecord(body);
  return { ...join(readVectors(body, inputs), dimensions), tokens: countedTokens(usage) };
}

/**
 * The vectors of an answer as they came, in the order of the inputs. Throws `ProviderError` `malformed`
 * unless there is one for each of `inputs`.
 */
export function readVectors(body: unknown, inputs: number): Float32Array[] {
  const { data } = asRecord(body);
  if (!Array.isArray(data)) throw malformed('it holds no list of vectors');
  if (data.length !== inputs)
    throw malformed(`it holds ${data.length} vectors for ${inputs} texts`);

  const ordered: (Float32Array | undefined)[] = new Array(inputs).fill(undefined);
  for (const entry of data) {
    const { index, embedding } = asRecord(entry);
    if (!isIndex(index, inputs)) throw malformed('a vector does not say which text it belongs to');
    if (ordered[index]) throw malformed(`two vectors belong to text ${index + 1}`);
    ordered[index] = decodeVector(embedding);
    if (!ordered[index]) throw malformed(`vector ${index + 1} can't be read`);
  }
  return ordered as Float32Array[];
}

/** Joins vectors into one array, each normalised. */
function join(
  ordered: Float32Array[],
  asked: number | undefined
): { vectors: Float32Array; dimensions: number } {
  const dimensions = ordered[0]?.length ?? 0;
  const vectors = new Float32Array(ordered.length * dimensions);
  ordered.forEach((vector, n) => {
    if (vector.length !== dimensions) throw malformed('its vectors differ in their dimensions');
    const fault = vectorFault(vector);
    if (fault === 'zero') throw malformed(`vector ${n + 1} is zero`);
    if (fault === 'not-finite') throw malformed(`vector ${n + 1} holds a value that is no number`);
    vectors.set(normalise(vector), n * dimensions);
  });
  if (asked !== undefined && dimensions !== asked) {
    throw new ProviderError(
      'dimensions',
      `The model answered with ${dimensions} dimensions instead of ${asked}.`,
      `Choose ${dimensions} dimensions: this model or its server can't shorten vectors.`
    );
  }
  return { vectors, dimensions };
}

function countedTokens(usage: unknown): number {
  const { total_tokens: total, prompt_tokens: prompt } = asRecord(usage);
  const tokens = total ?? prompt;
  return typeof tokens === 'number' && Number.isFinite(tokens) && tokens > 0 ? tokens : 0;
}

function isIndex(value: unknown, length: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < length;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function malformed(what: string): ProviderError {
  return new ProviderError(
    'malformed',
    `The endpoint's answer can't be used: ${what}.`,
    'Try again; if it stays so, this server or model does not answer as OpenAI does.'
  );
}
