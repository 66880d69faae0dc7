import { exposeWorker } from '#lib/base/remote.ts';
import { sharedDatabase } from './database.ts';
import { EmbeddingApi } from './embedding-api.ts';

exposeWorker(new EmbeddingApi(sharedDatabase));
