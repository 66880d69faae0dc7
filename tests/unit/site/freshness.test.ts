import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isStale } from '../../../src/site/freshness.ts';

let place: string;
let output: string;
let sources: string[];

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'fresh-'));
  output = join(place, 'output');
  sources = [join(place, 'src'), join(place, 'config.json'), join(place, 'missing')];
  await mkdir(join(place, 'src/deep'), { recursive: true });
  for (const path of ['src/deep/a.ts', 'config.json', 'output']) await put(path, 100);
  for (const path of ['src/deep', 'src']) await utimes(join(place, path), 100, 100);
  await utimes(output, 200, 200);
});
afterEach(() => rm(place, { recursive: true }));

async function put(path: string, seconds: number): Promise<void> {
  await writeFile(join(place, path), '');
  await utimes(join(place, path), seconds, seconds);
}

test('an output newer than all of its sources is fresh', async () => {
  expect(await isStale(output, sources)).toBe(false);
});

test('a missing output is stale', async () => {
  await rm(output);
  expect(await isStale(output, sources)).toBe(true);
});

test.each(['src/deep/a.ts', 'config.json'])('a change of %s makes it stale', async (path) => {
  await put(path, 300);
  expect(await isStale(output, sources)).toBe(true);
});

test('a removed source makes it stale', async () => {
  await rm(join(place, 'src/deep/a.ts'));
  expect(await isStale(output, sources)).toBe(true);
});
