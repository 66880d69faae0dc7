import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect } from '@playwright/test';
import { browserLaunchOptions } from '../support/browser.ts';
import type { ControlMessage, LedgerEntry } from '../support/openai-server.ts';
import { startSite } from '../support/site.ts';
import { ticketsCsv } from '../support/tickets-csv.ts';
import { connect } from '../soak/page.ts';
import type { Figure } from './run.ts';

const LATENCY_MS = 250;
/** Of a compatible server: 64 inputs a request, 2 to 4 requests in flight (see `openai.ts`). */
const BATCH = 64;
const ROWS = 30_000;

/**
 * The paced run in the page against the stand-in, which answers after exactly 250 ms from a process
 * of its own: rows a second, as a share of what the requests in flight could bring at most.
 */
export async function benchEmbed(): Promise<Figure[]> {
  const site = await startSite();
  const standIn = await spawnStandIn();
  await standIn.control({
    action: 'fault',
    fault: { kind: 'latency', ms: LATENCY_MS },
    every: 1
  });
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const file = join(folder, 'tickets.csv');
  await writeFile(file, ticketsCsv(ROWS, 150));
  const browser = await chromium.launch(browserLaunchOptions());
  try {
    const page = await browser.newPage({ baseURL: site.url });
    await connect(page, standIn.baseUrl);
    await page.getByRole('link', { name: 'New collection' }).first().click();
    await page.getByLabel('Data file').setInputFiles(file);
    await page.getByRole('button', { name: 'Embed', exact: true }).click({ timeout: 60_000 });
    await expect(page).toHaveURL(/search$/, { timeout: 300_000 });
    const endedAt = Date.now();
    const { requests, peakInFlight } = await standIn.ledger();
    // The first request only asks for the model's dimensions.
    const [, ...batches] = requests;
    const seconds = (endedAt - batches[0]!.at) / 1000;
    const rowsPerSecond = ROWS / seconds;
    const most = (peakInFlight * BATCH * 1000) / LATENCY_MS;
    return [
      { what: `rows embedded, 1,536 dimensions, ${LATENCY_MS} ms latency`, value: ROWS, unit: '' },
      { what: 'requests in flight', value: peakInFlight, unit: '' },
      { what: 'rows per second, first request to last row kept', value: rowsPerSecond, unit: '' },
      { what: 'in flight × batch ÷ latency', value: most, unit: 'rows/s' },
      { what: 'share of it that was reached', value: (100 * rowsPerSecond) / most, unit: '%' }
    ];
  } finally {
    await browser.close();
    standIn.end();
    await site.close();
    await rm(folder, { recursive: true });
  }
}

/** The stand-in in a process of its own. */
async function spawnStandIn() {
  const server = spawn(process.execPath, [
    join(import.meta.dirname, '../support/openai-server.ts')
  ]);
  server.stderr.pipe(process.stderr);
  const baseUrl = await new Promise<string>((resolve, reject) => {
    server.on('error', reject);
    server.stdout.setEncoding('utf8').once('data', (line: string) => resolve(line.split(' ')[0]!));
  });
  const url = baseUrl.replace(/\/v1$/, '');
  return {
    baseUrl,
    async control(message: ControlMessage): Promise<void> {
      const body = JSON.stringify(message);
      await fetch(`${url}/__control`, { method: 'POST', body });
    },
    async ledger(): Promise<{ requests: LedgerEntry[]; peakInFlight: number }> {
      return (await fetch(`${url}/__ledger`)).json() as never;
    },
    end: () => server.kill()
  };
}
