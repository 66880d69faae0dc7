import { cpus, totalmem, release, type } from 'node:os';
import { startBenchSite, type BenchSite } from './bench-site.ts';
import { makeDataSet } from './data-sets.ts';
import { measure, messageOf, TooSlow } from './measure.ts';
import { CANDIDATES, chooseData, type Choice } from './selection.ts';
import { Session } from './session.ts';
import type { Candidate, DataSpec, ReadSpeed, Result, Skipped, VectorReport } from './types.ts';

/** What to measure; everything, where nothing is said. */
export interface VectorOptions extends Choice {
  systems?: string[];
  /** Most seconds for one system on one set of vectors. */
  limitSeconds: number;
}

/** Build times of a candidate so far, by number of vectors. */
type Builds = Map<string, { n: number; buildMs: number }>;

/**
 * Measures ways to search vectors in real Chromium: each in a browser of its own, on the same
 * vectors, asked the same held-out questions, judged by the same truth, and beside them how fast the
 * machine reads plainly. What does not end in `limitSeconds`, or is bound not to, is left out.
 */
export async function benchVectors(options: VectorOptions): Promise<VectorReport> {
  const candidates = CANDIDATES.filter(({ system }) => options.systems?.includes(system) ?? true);
  const site = await startBenchSite();
  const results: Result[] = [];
  const skipped: Skipped[] = [];
  try {
    const specs = chooseData(options);
    const { browser, sizes } = await measureReading(site, specs);
    const builds: Builds = new Map();
    for (const spec of specs) {
      const data = await makeDataSet(spec, site.dataFolder, options.real?.vectors);
      for (const candidate of candidates) {
        const { system, method } = candidate;
        const { data: name, n, dim } = spec;
        const what = `${system} ${method}, ${n} × ${dim}, ${name}`;
        const skip = (why: string) => {
          console.error(`${what}: ${why}`);
          skipped.push({ system, method, data: name, n, dim, why });
        };
        const hopeless = foresee(builds, candidate, spec, options.limitSeconds);
        if (hopeless) {
          skip(hopeless);
          continue;
        }
        try {
          const from = Date.now();
          const found = await measure(candidate, data, site.url, 1000 * options.limitSeconds);
          results.push(...found);
          builds.set(keyOf(candidate, spec), { n, buildMs: found[0]!.buildMs });
          console.error(`${what}: ${((Date.now() - from) / 1000).toFixed(0)} s`);
        } catch (error) {
          if (error instanceof TooSlow)
            builds.set(keyOf(candidate, spec), { n, buildMs: Infinity });
          skip(reasonOf(error, options.limitSeconds));
        }
      }
    }
    const limit = { gbPerSecond: sizes.at(-1)!.gbPerSecond, sizes };
    return { machine: machine(browser), limit, results, skipped };
  } finally {
    await site.close();
  }
}

/** Why a candidate need not be tried on more vectors than before; undefined when it is worth it. */
function foresee(
  builds: Builds,
  candidate: Candidate,
  spec: DataSpec,
  limitSeconds: number
): string | undefined {
  const before = builds.get(keyOf(candidate, spec));
  if (!before) return undefined;
  if (before.buildMs === Infinity) return `skipped: ${before.n} did not end in time`;
  const expected = (before.buildMs / 1000) * (spec.n / before.n);
  if (expected <= limitSeconds) return undefined;
  const took = (before.buildMs / 1000).toFixed(0);
  return `skipped: ${before.n} took ${took} s to build, and ${limitSeconds} s are the limit`;
}

function keyOf({ system, method }: Candidate, { data, dim }: DataSpec): string {
  return [system, method, data, dim].join('|');
}

function reasonOf(error: unknown, limitSeconds: number): string {
  if (error instanceof TooSlow) return `did not end in ${limitSeconds} s`;
  return `failed: ${messageOf(error)}`;
}

/** Speed of reading as many bytes as the vectors have, as float32 and as one byte a number. */
async function measureReading(
  site: BenchSite,
  specs: DataSpec[]
): Promise<{ browser: string; sizes: ReadSpeed[] }> {
  const bytes = new Set(specs.flatMap(({ n, dim }) => [n * dim, 4 * n * dim]));
  const session = await Session.open(site.url);
  try {
    const sizes: ReadSpeed[] = [];
    for (const size of [...bytes].sort((a, b) => a - b)) {
      sizes.push({ bytes: size, gbPerSecond: await session.call('readLimit', size) });
    }
    return { browser: session.browserVersion, sizes };
  } finally {
    await session.close();
  }
}

function machine(browser: string): VectorReport['machine'] {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: `${cpus().length} cores`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    system: `${type()} ${release()}`,
    browser: `Chromium ${browser}`,
    date: new Date().toISOString().slice(0, 10)
  };
}
