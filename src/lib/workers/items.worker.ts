import { exposeWorker } from '#lib/base/remote.ts';
import { sharedDatabase } from './database.ts';
import { ItemsApi } from './items-api.ts';

exposeWorker(new ItemsApi(sharedDatabase));
