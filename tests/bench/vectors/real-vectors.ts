import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { heldOut } from './data-sets.ts';
import type { DataSpec } from './types.ts';

/** Vectors of a file, and what to call them; the last ones are held out as queries. */
export interface RealVectors extends DataSpec {
  /** `(n + queries) × dim`, row-major, L2-normalised. */
  vectors: Float32Array<ArrayBuffer>;
}

/**
 * Reads vectors from a NumPy file (float32 or float64, two dimensions, C order) or from JSON: a list
 * of vectors, or of objects with an `embedding`, either of them also under `items`. Throws an
 * `Error` that says what is wrong with the file.
 */
export async function readRealVectors(path: string): Promise<RealVectors> {
  const file = await readFile(path);
  const { values, count } = path.endsWith('.npy') ? fromNumPy(file) : fromJson(file);
  const dim = values.length / count;
  const vectors = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += dim) {
    const length = Math.hypot(...values.subarray(start, start + dim));
    if (!(length > 0)) throw new Error(`${path}: vector ${start / dim} has no direction.`);
    for (let i = start; i < start + dim; i++) vectors[i] = values[i]! / length;
  }
  return { data: basename(path), n: count - heldOut(count), dim, vectors };
}

function fromJson(file: Buffer): { values: Float64Array; count: number } {
  const content = JSON.parse(file.toString('utf8'));
  const items: (number[] | { embedding: number[] })[] = content.items ?? content;
  const vectors = items.map((item) => (Array.isArray(item) ? item : item.embedding));
  if (vectors.some((vector) => vector.length !== vectors[0]!.length)) {
    throw new Error('The vectors of the file are not of one length.');
  }
  return { values: Float64Array.from(vectors.flat()), count: vectors.length };
}

function fromNumPy(file: Buffer): { values: Float32Array | Float64Array; count: number } {
  const isWide = file[6]! >= 2;
  const from = isWide ? 12 : 10;
  const end = from + (isWide ? file.readUInt32LE(8) : file.readUInt16LE(8));
  const header = file.toString('latin1', from, end);
  const kind = /'descr': '<f([48])'/.exec(header)?.[1];
  const shape = /'shape': \((\d+), *(\d+)\)/.exec(header);
  if (!kind || !shape || !header.includes("'fortran_order': False")) {
    throw new Error(`Only float32 or float64 of two dimensions can be read, not ${header}.`);
  }
  const bytes = Uint8Array.from(file.subarray(end)).buffer;
  const values = kind === '4' ? new Float32Array(bytes) : new Float64Array(bytes);
  return { values, count: Number(shape[1]) };
}
