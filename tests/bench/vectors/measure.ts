import { K, type DataSet } from './data-sets.ts';
import type { Asked, Asking } from './page/page.ts';
import { Session } from './session.ts';
import { recall } from './truth.ts';
import type { Candidate, Result } from './types.ts';

/** Answers that are timed, at least. */
const TIMED = 100;
const WARM_UPS = 10;
/** The recall at which approximate ways are compared with exact ones. */
const WANTED_RECALL = 0.99;

/** It took longer than it was given. */
export class TooSlow extends Error {}

type Answers = Pick<
  Result,
  'kernelP50Ms' | 'p50Ms' | 'p95Ms' | 'scanP50Ms' | 'firstP50Ms' | 'recall10'
>;

/**
 * Measures one candidate on one set of vectors, in a browser of its own: building, memory, questions,
 * keeping, opening again. More results where it answers in more ways. Throws {@link TooSlow}
 * after `limitMs`, and what the system throws.
 */
export async function measure(
  candidate: Candidate,
  data: DataSet,
  url: string,
  limitMs: number
): Promise<Result[]> {
  const session = await Session.open(url);
  const measuring = run(session, candidate, data);
  // Ending the browser fails whatever is still under way.
  measuring.catch(() => undefined);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooSlow()), limitMs);
  });
  try {
    return await Promise.race([measuring, late]);
  } finally {
    clearTimeout(timer);
    await session.close();
  }
}

async function run(session: Session, candidate: Candidate, data: DataSet): Promise<Result[]> {
  const { system, method, ladder, also = [] } = candidate;
  const { n, dim } = data;
  await session.call('takeVectors', n * dim);
  await session.call('collect');
  // The given vectors are there before and gone after, whether or not the system keeps its own.
  const before = (await session.memoryBytes()) - 4 * n * dim;
  const abilities = new Set(await session.call('load', system, method));
  const { buildMs, readyMs } = await session.begin('build', dim, K);
  const settleMs = await session.call('settle');
  const indexMs = await session.call('indexMs');
  const storedMs = await session.call('storedMs');
  const ownBytes = await session.call('ownBytes');
  await session.call('collect');
  const memoryBytes = (await session.memoryBytes()) - before;

  const answers = await answer(session, data);
  // Before the filter: some note it in what they keep.
  const saveMs = abilities.has('save') ? await session.call('save') : null;
  const filtered = abilities.has('searchFiltered') ? await askFiltered(session, data) : NO_FILTER;
  const others: (Answers & Pick<Result, 'method' | 'effort'>)[] = [];
  if (ladder) others.push(await climb(session, data, ladder));
  for (const method of also) {
    await session.call('setMethod', method);
    others.push({ method, ...(await answer(session, data)) });
  }
  let readyStoredMs = saveMs === null ? storedMs : readyMs + saveMs;
  if (abilities.has('buildStored')) {
    await restart(session, candidate);
    await session.call('takeVectors', n * dim);
    readyStoredMs = (await session.begin('buildStored', dim, K)).readyMs;
    await session.call('settle');
  }
  await session.call('kept');
  const diskBytes = readyStoredMs === null ? null : session.diskBytes();
  const opened = abilities.has('open') ? await open(session, candidate, dim) : NOT_OPENED;
  const common = {
    ...{
      system,
      data: data.data,
      n,
      dim,
      readyMs,
      readyStoredMs,
      buildMs: indexMs ?? buildMs + settleMs
    },
    ...{ memoryBytes, ownBytes, diskBytes, ...opened }
  };
  return [
    { ...common, method, ...answers, ...filtered },
    ...others.map((other) => ({ ...common, ...other, ...NO_FILTER }))
  ];
}

type Opened = Pick<Result, 'openMs' | 'note'>;
const NOT_OPENED: Opened = { openMs: null };

/** Opens in a reloaded page what was kept. */
async function open(session: Session, candidate: Candidate, dim: number): Promise<Opened> {
  await restart(session, candidate);
  try {
    return { openMs: (await session.begin('open', dim, K)).readyMs };
  } catch (error) {
    return { openMs: null, note: `what it kept could not be opened: ${messageOf(error)}` };
  }
}

/** A reloaded page with the system's code. */
async function restart(session: Session, { system, method }: Candidate): Promise<void> {
  await session.reload();
  await session.call('load', system, method);
}

/** The first line of what went wrong, without what the way to here put before it. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n')[0]!.replace(/^page\.evaluate: (\w+: )?/, '');
}

/** The least effort of a ladder that finds enough; the last one when none does. */
async function climb(
  session: Session,
  data: DataSet,
  ladder: number[]
): Promise<Answers & { method: string; effort: number }> {
  for (const effort of ladder) {
    await session.call('setEffort', effort);
    const { rows } = await session.ask(asking(data, false, data.queries));
    const reached = recall(rows, data.all) >= WANTED_RECALL;
    if (!reached && effort !== ladder.at(-1)) continue;
    const method = reached ? `recall ≥ ${WANTED_RECALL}` : 'most effort';
    return { method, effort, ...(await answer(session, data)) };
  }
  throw new Error('A ladder has steps.');
}

async function answer(session: Session, data: DataSet): Promise<Answers> {
  const asked = await session.ask(asking(data, false));
  return {
    kernelP50Ms: percentile(asked.kernelMs, 50),
    p50Ms: percentile(asked.pageMs, 50),
    p95Ms: percentile(asked.pageMs, 95),
    scanP50Ms: asked.scanMs.length > 0 ? percentile(asked.scanMs, 50) : null,
    firstP50Ms: asked.firstMs.length > 0 ? percentile(asked.firstMs, 50) : null,
    recall10: recall(asked.rows, data.all)
  };
}

type Filtered = Pick<Result, 'filteredP50Ms' | 'filteredRecall10'>;
const NO_FILTER: Filtered = { filteredP50Ms: null, filteredRecall10: null };

async function askFiltered(session: Session, data: DataSet): Promise<Filtered> {
  const asked: Asked = await session.ask(asking(data, true));
  return {
    filteredP50Ms: percentile(asked.finalMs, 50),
    filteredRecall10: recall(asked.rows, data.filtered)
  };
}

function asking(data: DataSet, filtered: boolean, atLeast = TIMED): Asking {
  const times = Math.ceil(atLeast / data.queries) * data.queries;
  return { dimensions: data.dim, k: K, times, warmUps: WARM_UPS, filtered };
}

/** The value that a share of `percent` is not above (nearest rank). */
function percentile(values: number[], percent: number): number {
  const rank = Math.ceil((percent / 100) * values.length);
  return values.toSorted((a, b) => a - b)[Math.max(0, rank - 1)]!;
}
