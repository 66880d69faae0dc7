import { exposeWorker } from '#lib/base/remote.ts';
import { ShardApi } from '#lib/workers/shard-api.ts';

/** A shard that dies of an error nobody catches when it is told to. */
exposeWorker(new ShardApi());
self.addEventListener('message', ({ data }: MessageEvent) => {
  if (data === 'die') throw new Error('out of memory');
});
