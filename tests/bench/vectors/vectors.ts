import { cpus, totalmem, release, type } from 'node:os';
import { startBenchSite, type BenchSite } from './bench-site.ts';
import { makeDataSet, type DataSet } from './data-sets.ts';
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
        const from = Date.now();
        const found = await tryOut(candidate, data, site.url, builds, options.limitSeconds);
        if (Array.isArray(found)) results.push(...found);
        else skipped.push({ system, method, data: spec.data, n: spec.n, dim: spec.dim, ...found });
        const seconds = ((Date.now() - from) / 1000).toFixed(0);
        const said = Array.isArray(found) ? `${seconds} s` : found.why;
        console.error(`${spec.n} × ${spec.dim}, ${spec.data}, ${system} ${method}: ${said}`);
      }
    }
    const limit = { gbPerSecond: sizes.at(-1)!.gbPerSecond, sizes };
    return { machine: machine(browser), limit, results, skipped };
  } finally {
    await site.close();
  }
}

/** A candidate's results on one set of vectors, or why there are none; notes how long it built. */
async function tryOut(
  candidate: Candidate,
  data: DataSet,
  url: string,
  builds: Builds,
  limitSeconds: number
): Promise<Result[] | Pick<Skipped, 'why'>> {
  const hopeless = foresee(builds, candidate, data, limitSeconds);
  if (hopeless) return { why: hopeless };
  const note = (buildMs: number) => builds.set(keyOf(candidate, data), { n: data.n, buildMs });
  try {
    const found = await measure(candidate, data, url, 1000 * limitSeconds);
    note(found[0]!.buildMs);
    return found;
  } catch (error) {
    if (!(error instanceof TooSlow)) return { why: `failed: ${messageOf(error)}` };
    note(Infinity);
    return { why: `did not end in ${limitSeconds} s` };
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
