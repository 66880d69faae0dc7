import { exposeWorker } from '#lib/base/remote.ts';
import { sharedDatabase } from './database.ts';
import { ImportApi } from './import-api.ts';

exposeWorker(new ImportApi(sharedDatabase));
