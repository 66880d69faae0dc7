import { exposeWorker } from '#lib/base/remote.ts';
import { sharedDatabase } from './database.ts';
import { HnswApi } from './hnsw-api.ts';

exposeWorker(new HnswApi(sharedDatabase));
