import { exposeWorker } from '#lib/base/remote.ts';

/** What a worker does that can be made to die. */
export interface FragileApi {
  echo(text: string): string;
  /** Never answers. */
  hang(): Promise<void>;
  /** Dies of an error that nobody catches, twice. */
  die(): void;
}

const api: FragileApi = {
  echo: (text) => text,
  hang: () => new Promise(() => undefined),
  die() {
    for (const time of ['once', 'twice']) {
      setTimeout(() => {
        throw new Error(`out of memory, ${time}`);
      });
    }
  }
};

exposeWorker(api);
