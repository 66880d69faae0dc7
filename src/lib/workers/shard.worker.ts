import { exposeWorker } from '#lib/base/remote.ts';
import { ShardApi } from './shard-api.ts';

exposeWorker(new ShardApi());
