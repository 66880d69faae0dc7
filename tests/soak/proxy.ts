import { readFileSync } from 'node:fs';
import { findLeaks, sendHostile } from '../support/hostile-requests.ts';
import { startProxyProcess } from '../support/proxy-process.ts';
import { ORIGIN, UPSTREAM_KEY } from '../support/proxy.ts';
import type { SoakOptions } from './run.ts';

/** Requests at once. */
const TOGETHER = 25;
/** A thousand at the least, however little time there is. */
const FEWEST = 1000;
/** So much more memory in the second half than in the first is still the collector's business. */
const GROWTH_BYTES = 64e6;

/** Sends the proxy hostile requests of ever new seeds, and watches what it sends on, tells and takes. */
export async function soakProxy({ seed, untilMs, report }: SoakOptions): Promise<string> {
  const proxy = await startProxyProcess();
  const resident: number[] = [];
  let sentOn = 0;
  let at = seed;
  for (; at - seed < FEWEST || performance.now() < untilMs; at += TOGETHER) {
    const seeds = Array.from({ length: TOGETHER }, (_, n) => at + n);
    const said = (await Promise.all(seeds.map((one) => sendHostile(proxy.url, ORIGIN, one)))).join(
      '\n'
    );
    const { ledger } = proxy.upstream;
    for (const fault of findLeaks(ledger.requests, said, UPSTREAM_KEY)) {
      report(`seed ${at} to ${at + TOGETHER - 1}: ${fault}`);
    }
    sentOn += ledger.requests.length;
    ledger.clear();
    resident.push(residentBytes(proxy.pid));
  }
  for (const fault of findLeaks([], proxy.printed(), UPSTREAM_KEY)) report(`its log: ${fault}`);
  const half = Math.ceil(resident.length / 2);
  const [before, after] = [resident.slice(0, half), resident.slice(half)].map((part) =>
    Math.max(...part)
  ) as [number, number];
  if (after > before + GROWTH_BYTES) {
    report(`its memory grew from ${megabytes(before)} to ${megabytes(after)}`);
  }
  await proxy.close();
  return `${at - seed} hostile requests, ${sentOn} sent on; its memory at most ${megabytes(before)}, then ${megabytes(after)}`;
}

function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Number(kilobytes) * 1024;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
