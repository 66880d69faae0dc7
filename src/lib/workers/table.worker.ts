import { exposeWorker } from '#lib/base/remote.ts';
import { sharedDatabase } from './database.ts';
import { TableApi } from './table-api.ts';

exposeWorker(new TableApi(sharedDatabase));
