import { exposeWorker } from '#lib/base/remote.ts';
import { sharedDatabase } from './database.ts';
import { HnswApi } from './hnsw-api.ts';

const startWorker = () =>
  new Worker(new URL('./shard.worker.ts', import.meta.url), { type: 'module' });

// Safari before 15.5 has no workers in workers.
exposeWorker(new HnswApi(sharedDatabase, typeof Worker === 'undefined' ? {} : { startWorker }));
