import { expose } from '#lib/base/remote.ts';
import { sharedDatabase } from './database.ts';
import { ItemsApi } from './items-api.ts';

expose(new ItemsApi(sharedDatabase), self);
