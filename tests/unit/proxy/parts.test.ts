import { mkdtempSync, readFileSync, rmSync, writeFileSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { JournaledBudget } from '../../../src/proxy/budget.ts';
import { Buckets } from '../../../src/proxy/buckets.ts';
import { clientKey } from '../../../src/proxy/client-key.ts';
import { readProxyConfig } from '../../../src/proxy/config.ts';
import { FileJournal } from '../../../src/proxy/file-journal.ts';

const DAY = 86_400_000;
const LIMITS = { dailyTokens: 100, dailyTokensPerClient: 60 };

describe('a client', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['[2001:0DB8:1:2::9]', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['300.1.1.1', 'unknown'],
    ['1.2.3.4, 5.6.7.8', 'unknown'],
    ['x', 'unknown'],
    [null, 'unknown']
  ])('%s is counted as %s', (address, key) => expect(clientKey(address)).toBe(key));
});

it('a bucket gives a burst, then fills by and by, for each client its own', () => {
  let now = 0;
  const buckets = new Buckets({ requestsPerMinute: 60, burst: 2 }, () => now);
  const granted = (client: string) => buckets.take(client).granted;
  expect([granted('a'), granted('a'), granted('a'), granted('b')]).toEqual([
    true,
    true,
    false,
    true
  ]);
  expect(buckets.take('a')).toEqual({ granted: false, remaining: 0, retryAfterMs: 1000 });
  now = 1000;
  expect([granted('a'), granted('a')]).toEqual([true, false]);
  // A clock that is set back gives nothing away, and takes nothing.
  now = 500;
  expect(granted('a')).toBe(false);
  now = 60_000;
  expect(buckets.take('a')).toMatchObject({ granted: true, remaining: 1 });
});

describe('a budget', () => {
  function setUp(nowMs = 5 * DAY + 1000) {
    const folder = mkdtempSync(join(tmpdir(), 'budget-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'state/budget.jsonl');
    const clock = { now: nowMs };
    const open = () => {
      const journal = new FileJournal(path, LIMITS);
      return {
        journal,
        budget: new JournaledBudget(journal.open(clock.now), journal, () => clock.now)
      };
    };
    return { path, clock, open };
  }

  it('holds for a client and for all, and gives back what was not used', async () => {
    const { open } = setUp();
    const { budget } = open();
    const grant = (await budget.reserve('a', 60))!;
    expect(await budget.reserve('a', 1)).toBeNull();
    expect(await budget.reserve('b', 41)).toBeNull();
    await budget.settle(grant, 10);
    expect(await budget.left('a')).toEqual({ tokens: 50, resetMs: DAY - 1000 });
    expect(await budget.reserve('b', 41)).not.toBeNull();
    expect((await budget.left('a')).tokens).toBe(49);
  });

  it('is still spent after a kill, though a request never ended', async () => {
    const { path, open } = setUp();
    const { budget } = open();
    await budget.settle((await budget.reserve('a', 30))!, 20);
    await budget.reserve('a', 25);
    // As a kill in the middle of a line leaves it.
    appendFileSync(path, '{"name":"x","tok');
    const { budget: next } = open();
    expect((await next.left('a')).tokens).toBe(15);
    expect((await next.left('b')).tokens).toBe(55);
    expect(readFileSync(path, 'utf8')).not.toMatch(/"a"|tok$/);
  });

  it('begins anew each day, and settles nothing of yesterday', async () => {
    const { clock, open } = setUp();
    const { budget } = open();
    const grant = (await budget.reserve('a', 60))!;
    clock.now += DAY;
    expect((await budget.left('a')).tokens).toBe(60);
    await budget.settle(grant, 0);
    expect((await budget.left('a')).tokens).toBe(60);
    expect((await open().budget.left('a')).tokens).toBe(60);
  });

  it('grants nothing that can’t be noted, and writes over no file that is not its own', async () => {
    const { path, open } = setUp();
    const { budget, journal } = open();
    journal.close();
    await expect(budget.reserve('a', 1)).rejects.toThrow('closed');
    expect((await budget.left('a')).tokens).toBe(60);
    writeFileSync(path, 'something else\n');
    expect(open).toThrow('is no budget of this proxy');
    expect(readFileSync(path, 'utf8')).toBe('something else\n');
  });
});

describe('settings', () => {
  it('have defaults, and the page’s own origin is allowed', () => {
    const config = readProxyConfig({}, { own: ['http://127.0.0.1:4173'], loopback: true });
    expect(config).toMatchObject({
      apiKey: null,
      upstreamUrl: 'https://api.openai.com/v1/embeddings',
      withoutOrigin: true,
      clientHeader: null
    });
    expect([...config.origins]).toEqual(['http://127.0.0.1:4173']);
    expect(config.models.map(({ id }) => id)).toContain('text-embedding-3-large');
    expect(readProxyConfig({}).withoutOrigin).toBe(false);
  });

  it('name other upstreams and models', () => {
    const config = readProxyConfig({
      OPENAI_BASE_URL: 'http://localhost:11434/v1/',
      PROXY_MODELS: 'nomic-embed, bge'
    });
    expect(config.upstreamUrl).toBe('http://localhost:11434/v1/embeddings');
    expect(config.models.map(({ id }) => id)).toEqual(['nomic-embed', 'bge']);
  });

  it.each([
    ['PROXY_ORIGINS', '*'],
    ['PROXY_ORIGINS', 'https://course.example/page'],
    ['PROXY_ORIGINS', 'course.example'],
    ['OPENAI_BASE_URL', 'ftp://x'],
    ['OPENAI_BASE_URL', 'https://user:pass@x/v1'],
    ['PROXY_DAILY_TOKENS', '-5'],
    ['PROXY_BURST', 'many'],
    ['PROXY_WITHOUT_ORIGIN', 'maybe']
  ])('that are wrong are named: %s=%s', (name, value) => {
    expect(() => readProxyConfig({ [name]: value })).toThrow(name);
  });
});
