import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Whether `output` is missing or older than any of the sources (files, or folders with all that is
 * in them). A removed file counts too, since it changes its folder's time. Missing sources are skipped.
 */
export async function isStale(output: string, sources: string[]): Promise<boolean> {
  const built = await changedAt(output);
  if (built === undefined) return true;
  const times = await Promise.all(sources.map(lastChange));
  return times.some((time) => time > built);
}

/** Latest change of a file or of anything in a folder, in milliseconds since 1970. */
async function lastChange(path: string): Promise<number> {
  const below = await readdir(path, { recursive: true }).catch(() => []);
  const times = await Promise.all([path, ...below.map((name) => join(path, name))].map(changedAt));
  return Math.max(...times.map((time) => time ?? 0));
}

async function changedAt(path: string): Promise<number | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.mtimeMs;
}
