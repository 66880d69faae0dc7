import type { CollectionId, Row } from '#lib/base/ids.ts';

/** How neighbours are found: chosen for the reader, by comparing with every vector, or by the graph. */
export type Method = 'automatic' | 'exact' | 'hnsw';

/** What is asked of the index. */
export interface NeighbourQuery {
  /** L2-normalised, of the collection's dimensions. */
  vector: Float32Array;
  /** How many neighbours; fewer come back only when there are fewer rows. */
  k: number;
  method: Method;
  /** Bit `row` set = allowed (`row >> 3`, `row & 7`); undefined allows all live rows. */
  allowed?: Uint8Array;
}

/** How an answer was found, shown to the reader. */
export interface Plan {
  method: 'exact' | 'hnsw';
  /** Why this method, in a few words. */
  reason: string;
  /** Vectors the query was compared with; null where the graph does not tell. */
  compared: number | null;
  /** Live rows that could have been found. */
  rows: number;
  /** Milliseconds of each step, in order. */
  steps: { name: string; ms: number }[];
}

/** Neighbours by falling similarity. */
export interface Neighbours {
  rows: Uint32Array;
  /** Cosine similarity, clamped to [-1, 1], computed from the float32 vectors. */
  similarities: Float32Array;
  plan: Plan;
}

/** Where the HNSW graph of an open collection stands. */
export interface GraphStatus {
  state: 'none' | 'loading' | 'building' | 'ready' | 'failed';
  /** Rows in the graph, of `total` that should be. */
  rows: number;
  total: number;
  /** How the graph came to be in this session. */
  origin: 'loaded' | 'built' | null;
  /** Why there is no graph, or why it was built again, as a sentence. */
  reason?: string;
  /** What the graph had caught up with when it was last ready. */
  snapshot?: Snapshot;
}

/**
 * A state of a collection's rows. Vectors are only ever added and every change of the dead rows has a
 * revision, so equal snapshots mean the same live rows.
 */
export interface Snapshot {
  generation: number;
  /** Rows that have a vector, dead ones included. */
  embedded: number;
  deadRevision: number;
}

/** Parameters of a graph. */
export interface GraphParameters {
  M: number;
  efConstruction: number;
  efSearch: number;
}

/** What a saved graph was made from; a graph that does not fit is caught up or rebuilt. */
export interface GraphStamp {
  generation: number;
  /** Rows below it that had vectors are in the graph… */
  rows: number;
  /** …as many as this. */
  count: number;
  deadRevision: number;
  space: string;
  dimensions: number;
  M: number;
  efConstruction: number;
  /** SHA-256 of the bytes, hexadecimal. */
  digest: string;
}

/** A saved graph, as the store keeps it. */
export interface SavedGraph {
  collection: CollectionId;
  bytes: Blob;
  stamp: GraphStamp;
}

/** Rows and their vectors, as they travel: `rows.length × dimensions`, row-major, L2-normalised. */
export interface VectorBatch {
  rows: Uint32Array | Row[];
  vectors: Float32Array;
}
