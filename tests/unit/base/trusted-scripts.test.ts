import { beforeAll, describe, expect, it, vi } from 'vitest';

let trust: (url: string) => string;
beforeAll(async () => {
  vi.stubGlobal('location', new URL('https://host.example/app/#/'));
  ({ trustOwnScript: trust } = await import('#lib/base/trusted-scripts.ts'));
});

describe('a script’s address', () => {
  it.each([
    'https://host.example/app/_app/immutable/workers/items.worker--BXe_yiT.js',
    './service-worker.js',
    'https://host.example/src/lib/workers/hnsw.worker.ts?worker_file&type=module'
  ])('passes when it is one of ours: %s', (url) => {
    expect(trust(url)).toBe(url);
  });

  it.each([
    'https://elsewhere.example/_app/immutable/workers/items.worker-B.js',
    '//elsewhere.example/items.worker-B.js',
    'data:text/javascript,/items.worker-B.js',
    'blob:https://host.example/items.worker-B.js',
    'javascript:alert(1)//items.worker-B.js',
    './files.json',
    './uploads/script.js'
  ])('is refused when it is not: %s', (url) => {
    expect(() => trust(url)).toThrow(TypeError);
  });
});
