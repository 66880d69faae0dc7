import type { VectorCodes } from '#lib/base/codes.ts';
import type { CollectionId, Row } from '#lib/base/ids.ts';

/** How neighbours are found: chosen for the reader, by comparing with every vector, or by the graph. */
export type Method = 'automatic' | 'exact' | 'hnsw';

/** What a query is compared with first: the vectors, or their eight-bit codes. */
export type Precision = 'float32' | 'int8';

/** A way to find neighbours; what it finds is re-scored from float32 whichever way it is. */
export interface Way {
  method: 'exact' | 'hnsw';
  /** What is compared: every vector, or what the graph found, before it is re-scored. */
  precision: Precision;
}

/** What is asked of the index. */
export interface NeighbourQuery {
  /** L2-normalised, of the collection's dimensions. */
  vector: Float32Array;
  /** How many neighbours; fewer come back only when there are fewer rows. */
  k: number;
  method: Method;
  /** What an exact comparison compares; chosen by what is in memory when undefined. */
  precision?: Precision;
  /** Bit `row` set = allowed (`row >> 3`, `row & 7`); undefined allows all live rows. */
  allowed?: Uint8Array;
  /** When the query was sent (epoch milliseconds with fractions): tells how long it waited. */
  sentAt?: number;
}

/** A step of an answer. */
export interface Step {
  name: 'queue' | 'filter' | 'graph' | 'scan' | 're-score' | 'words' | 'items';
  ms: number;
}

/** How an answer was found, shown to the reader. */
export interface Plan extends Way {
  /** Why this way, in a sentence or two. */
  reason: string;
  /** What each way that could have been taken was expected to cost on this machine. */
  expected: (Way & { ms: number })[];
  /** Vectors (or codes) that the query was compared with; in the graph, those along its walk too. */
  compared: number;
  /** Live rows that could have been found. */
  rows: number;
  /** Milliseconds of each step, in order. */
  steps: Step[];
}

/** Neighbours by falling similarity. */
export interface Neighbours {
  rows: Uint32Array;
  /**
   * Cosine similarity, clamped to [-1, 1]: computed from the float32 vectors, or estimated from the
   * codes while `provisional`.
   */
  similarities: Float32Array;
  /** A first answer, which the re-scored one replaces in a moment. */
  provisional: boolean;
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
  /** Why there is no graph, why it was built again, or why it can’t be kept, as sentences. */
  reason?: string;
  /** The generation of the collection that the graph's rows are of. */
  generation?: number;
  /**
   * The rows that the graph finds, as a bitmap: told when it is ready and whenever they change
   * afterwards. Live rows that are not among them are compared one by one.
   */
  known?: Uint8Array;
  /** What the graph is made with; told when it is ready. */
  graph?: GraphFacts;
}

/** What a graph is made with, and what it takes. */
export interface GraphFacts {
  /** The leading dimensions that the graph compares, renormalised; all of them for most models. */
  dimensions: number;
  M: number;
  efConstruction: number;
  /** Graphs side by side, each with a part of the rows; every one is searched. */
  shards: number;
  /** In memory. */
  memoryBytes: number;
  /** As saved; null while it is not. */
  diskBytes: number | null;
  /** Milliseconds of building, over all sessions; null when it is not known. */
  buildMs: number | null;
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

/** What a reader may set of a collection's graph. */
export interface GraphChoice {
  /** Leading dimensions to build on; `automatic` looks at the collection's own vectors. */
  dimensions: 'automatic' | number;
  M: number;
  efConstruction: number;
}

/** How the graph is asked, found by measuring on the collection's own vectors. */
export interface GraphTuning {
  /** How many candidates the graph's own search keeps. */
  efSearch: number;
  /** Candidates taken from the graph and re-scored, for each neighbour asked for. */
  oversampling: number;
  /** Recall@10 that was measured with these. */
  recall: number;
  /** Median milliseconds that was measured with these, re-scoring included. */
  p50Ms?: number;
}

/** What a saved graph was made from; a graph that does not fit is caught up or rebuilt. */
export interface GraphStamp {
  generation: number;
  /** Rows in the graph, dead ones included. */
  count: number;
  space: string;
  /** Leading dimensions in the graph. */
  dimensions: number;
  M: number;
  efConstruction: number;
  /** Milliseconds spent on building it. */
  buildMs: number;
  /** SHA-256 of each shard's bytes, hexadecimal. */
  digests: string[];
}

/** A saved graph, as the store keeps it. */
export interface SavedGraph {
  collection: CollectionId;
  /** hnswlib's own format, a Blob a shard. */
  shards: Blob[];
  stamp: GraphStamp;
}

/**
 * Rows and their vectors, as they travel: `rows.length × dimensions`, row-major, L2-normalised. Either
 * may be missing: codes are made from vectors, vectors are read where they are kept.
 */
export interface VectorBatch {
  rows: Uint32Array | Row[];
  vectors?: Float32Array;
  codes?: VectorCodes;
}

/** Many questions at once. */
export interface BatchQuery {
  /**
   * Vectors (`count × dimensions`, row-major, L2-normalised), or rows of the collection that ask with
   * their own vectors, each left out of its own answer.
   */
  questions: Float32Array | Uint32Array;
  k: number;
  /** As in {@link NeighbourQuery}. */
  allowed?: Uint8Array;
  /**
   * `float32` compares with every vector as it is, and reads those that are not in memory; `int8`
   * compares codes and re-scores where the vectors are in memory.
   */
  precision: Precision;
}

/** Answers to many queries: `count × k`; where fewer were found, the row is {@link NO_ROW}. */
export interface ManyNeighbours {
  k: number;
  rows: Uint32Array;
  similarities: Float32Array;
}

/** Stands where there is no further neighbour. */
export const NO_ROW = 0xffff_ffff;

/** Recall and time of one way to search, measured on the collection's own vectors. */
export interface MeasuredWay extends Way {
  asked: Method;
  /** Of the graph's search; null for the others. */
  efSearch: number | null;
  /** Candidates of the graph re-scored for each neighbour; null for the others. */
  oversampling: number | null;
  /** Share of the ten nearest that was found, over all questions. */
  recall: number;
  /** Milliseconds, re-scoring included. */
  p50Ms: number;
  p95Ms: number;
}

/** What the collection's search would be with vectors cut to their first dimensions. */
export interface ShortenedWay {
  dimensions: number;
  /** Items it was tried on: all, or an even sample of them. */
  rows: number;
  /** Share of the ten nearest at full dimensions that is among the ten nearest at these. */
  recall: number;
  /** Milliseconds of comparing with all of those items, as codes. */
  p50Ms: number;
}

/** What Measure found out. */
export interface Measurement {
  /** Epoch milliseconds. */
  at: number;
  generation: number;
  /** Live rows then. */
  rows: number;
  /** Vectors of the collection that were used as questions, themselves left out of the answers. */
  queries: number;
  /** Whether the graph had none of them, as it has none of a reader's questions. */
  heldOut: boolean;
  /** What the answers were held against. */
  truth: Precision;
  ways: MeasuredWay[];
  /** What shortening the vectors would cost, where the model allows it; else empty. */
  shortened: ShortenedWay[];
  /** The graph that was measured; null when there was none. */
  graph: GraphFacts | null;
  /** What was chosen for the graph; null when there was none to measure. */
  tuning: GraphTuning | null;
}

/** What is kept of a collection's index beside the graph. */
export interface IndexSettings {
  choice: GraphChoice;
  /** Automatic builds on no fewer dimensions: a graph on fewer was measured, and found too few. */
  fewestDimensions?: number;
  /** Null until measured. */
  measurement: Measurement | null;
}
