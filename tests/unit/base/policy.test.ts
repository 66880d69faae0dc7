import { describe, expect, it } from 'vitest';
import { PAGE_POLICY, workerPolicy } from '#lib/base/policy.ts';

const built = (name: string) => workerPolicy(`/deep/below/_app/immutable/workers/${name}-B_x-1.js`);

describe('a worker’s policy', () => {
  it.each(['engine', 'hnsw', 'import', 'items', 'regex', 'shard', 'table'])(
    'lets %s call its own site only',
    (name) => {
      expect(built(`${name}.worker`)).toMatch(/connect-src 'self';/);
    }
  );

  it('lets the embedding worker call what the reader sets up, encrypted or at home', () => {
    expect(built('embedding.worker')).toMatch(/connect-src 'self' https: http:;/);
  });

  it('never lets text become code', () => {
    for (const name of ['embedding', 'items']) {
      const policy = built(`${name}.worker`)!;
      expect(policy).toContain("default-src 'none'");
      expect(policy).toMatch(/script-src 'self'( 'wasm-unsafe-eval')?;/);
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toMatch(/'unsafe-(eval|inline)'/);
    }
  });

  it('is there for its chunks, too: never with more than its own site', () => {
    expect(built('chunks/B1')).toMatch(/connect-src 'self';/);
    expect(built('chunks/embedding.worker')).toMatch(/connect-src 'self';/);
  });

  it.each([
    '/_app/immutable/workers/assets/sqlite3-k2.wasm',
    '/_app/immutable/entry/app.1.js',
    '/index.html',
    '/'
  ])('is not for %s', (path) => {
    expect(workerPolicy(path)).toBeUndefined();
  });
});

it('the page calls its own site only, and never evaluates', () => {
  expect(PAGE_POLICY['connect-src']).toEqual(['self']);
  expect(JSON.stringify(PAGE_POLICY)).not.toContain('"unsafe-eval"');
  expect(PAGE_POLICY['script-src']).not.toContain('unsafe-inline');
});
