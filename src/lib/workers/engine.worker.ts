import { exposeWorker } from '#lib/base/remote.ts';
import { sharedDatabase } from './database.ts';
import { EngineApi } from './engine-api.ts';

exposeWorker(new EngineApi(sharedDatabase));
