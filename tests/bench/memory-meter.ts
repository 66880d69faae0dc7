import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** Between two looks at the memory: the kernel walks all of it each time. */
const SAMPLE_MS = 2000;

/** What counts as memory: all pages, or those that hold data and not a file's content. */
type Pages = 'all' | 'data';

const LINES = { all: /^Pss: +(\d+)/gm, data: /^Pss_(?:Anon|Shmem): +(\d+)/gm };

/**
 * Bytes that the browser's processes of a profile hold, shared pages counted once (PSS). Pages of the
 * browser's own program are shared with other browsers on the machine, too: what is compared over
 * time had better be `data`.
 */
export async function browserBytes(profile: string, pages: Pages): Promise<number> {
  const processes = execFileSync('ps', ['-Ao', 'pid=,pgid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^ *(\d+) +(\d+) (.*)$/.exec(line))
    .filter((match) => match !== null);
  const group = processes.find(([, , , args]) => args!.includes(profile))?.[2];
  const pids = processes.filter(([, , pgid]) => pgid === group).map(([, pid]) => pid!);
  const sizes = await Promise.all(
    pids.map(async (pid) => {
      // A process may be gone by now.
      const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
      return [...text.matchAll(LINES[pages])].reduce((sum, [, kB]) => sum + 1024 * Number(kB), 0);
    })
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** Bytes of what a profile keeps in IndexedDB. */
export function diskBytes(profile: string): number {
  const folder = `${profile}/Default/IndexedDB`;
  return Number(execFileSync('du', ['-sb', folder], { encoding: 'utf8' }).split('\t')[0]);
}

/** Notes the most that {@link browserBytes} says of all pages between its start and its end. */
export class MemoryMeter {
  peakBytes = 0;
  readonly #profile: string;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(profile: string) {
    this.#profile = profile;
  }

  async start(): Promise<void> {
    await this.#sample();
    this.#timer = setInterval(() => void this.#sample(), SAMPLE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #sample(): Promise<void> {
    this.peakBytes = Math.max(this.peakBytes, await browserBytes(this.#profile, 'all'));
  }
}
