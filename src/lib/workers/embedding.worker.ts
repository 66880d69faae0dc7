import { expose } from '#lib/base/remote.ts';
import { sharedDatabase } from './database.ts';
import { EmbeddingApi } from './embedding-api.ts';

expose(new EmbeddingApi(sharedDatabase), self);
