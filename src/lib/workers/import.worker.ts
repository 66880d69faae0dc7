import { expose } from '#lib/base/remote.ts';
import { sharedDatabase } from './database.ts';
import { ImportApi } from './import-api.ts';

expose(new ImportApi(sharedDatabase), self);
