import { onTestFinished, vi } from 'vitest';
import type { CollectionId } from '#lib/base/ids.ts';
import { connect, expose } from '#lib/base/remote.ts';
import type { Database } from '#lib/collection/store/database.ts';
import { Engine } from '#lib/index/engine.ts';
import type { Method } from '#lib/index/types.ts';
import { EngineApi } from '#lib/workers/engine-api.ts';
import { bruteForce, clusteredVectors, vectorAt } from '../../support/vectors.ts';
import { embedRows, spaceOf, stageRows } from './graph-support.ts';

export const DIMENSIONS = 40;
export const SPACE = spaceOf(DIMENSIONS);
export const COUNT = 400;
export const vectors = clusteredVectors(COUNT, DIMENSIONS);
/** The question that row `n` asks with its own vector. */
export const query = (n: number) => vectorAt(vectors, n, DIMENSIONS).slice();

/** Holds up every engine's encoding until the gate that this returns is opened. */
export function holdEncoding(): () => void {
  const gate = Promise.withResolvers<undefined>();
  const { encode } = Engine.prototype;
  const held = vi.spyOn(Engine.prototype, 'encode').mockImplementation(async function (
    this: Engine,
    ...args
  ) {
    await gate.promise;
    return encode.apply(this, args);
  });
  onTestFinished(() => held.mockRestore());
  return () => gate.resolve(undefined);
}

/** A collection of `COUNT` items, the first `embedded` of which have their vectors. */
export async function collectionWith(db: Database, embedded = COUNT): Promise<CollectionId> {
  const id = await stageRows(db, vectors, SPACE);
  await embedRows(db, id, vectors, SPACE, [0, embedded]);
  return id;
}

/** The engine's API in this thread, over a port as the page has it. */
export function engineOver(db: Database, options?: ConstructorParameters<typeof EngineApi>[1]) {
  const { port1, port2 } = new MessageChannel();
  expose(new EngineApi(() => Promise.resolve(db), options), port1);
  return connect<EngineApi>(port2).api;
}

type Asked = { search(query: object): Promise<{ rows: Uint32Array }> };

/** The rows that ten questions find, by a method. */
export async function ask(engine: Asked, method: Method, k = 10): Promise<number[][]> {
  const rows: number[][] = [];
  for (let n = 0; n < 10; n++) {
    rows.push([...(await engine.search({ vector: query(n), k, method })).rows]);
  }
  return rows;
}

/** What brute force finds for the ten questions of {@link ask} among live rows. */
export const truth = (live: (row: number) => boolean) =>
  Array.from({ length: 10 }, (_, n) => bruteForce(vectors, query(n), 10, live));
