import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pagesOf } from '../../support/walk/pages.ts';
import { findSecret, secretForms } from '../../support/walk/secret-forms.ts';
import { Sinks } from '../../support/walk/sinks.ts';

const SECRET = 'sk-canary-7f3a9c2e51d84b06';

describe('the pages', () => {
  it('are those of the sources, with their parameters filled, and settings last', () => {
    const pages = pagesOf([{ id: 'abc', item: 'a b' }]);
    expect(pages).toContain('#/');
    expect(pages).toContain('#/inspect');
    expect(pages).toContain('#/c/abc/search');
    expect(pages).toContain('#/c/abc/items/~YSBi');
    expect(pages.at(-1)).toBe('#/settings');
    expect(pages.join()).not.toContain('[');
  });

  it('of a collection are there for each collection', () => {
    const pages = pagesOf([
      { id: 'one', item: 'x' },
      { id: 'two', item: 'x' }
    ]);
    expect(pages).toContain('#/c/one/classify');
    expect(pages).toContain('#/c/two/classify');
  });
});

describe('a secret', () => {
  const forms = secretForms(SECRET);
  it.each<[string, Buffer]>([
    ['plain', Buffer.from(`before ${SECRET} after`)],
    ['its first half', Buffer.from(SECRET.slice(0, 13))],
    ['its last half', Buffer.from(SECRET.slice(-13))],
    ['UTF-16', Buffer.from(`x${SECRET}`, 'utf16le')],
    ['base64', Buffer.from(Buffer.from(SECRET).toString('base64'))],
    ['base64 after one byte', Buffer.from(Buffer.from(`a${SECRET}b`).toString('base64'))],
    ['base64 after two bytes', Buffer.from(Buffer.from(`aa${SECRET}b`).toString('base64'))],
    ['base64url', Buffer.from(Buffer.from(`aaa${SECRET}b`).toString('base64url'))],
    ['hexadecimal', Buffer.from(Buffer.from(SECRET).toString('hex'))],
    ['URL-encoded', Buffer.from(encodeURIComponent(SECRET))],
    ['JSON in JSON', Buffer.from(JSON.stringify(JSON.stringify({ [SECRET]: 1 })))],
    ['reversed', Buffer.from([...SECRET].reverse().join(''))]
  ])('is found as %s', (_, bytes) => {
    expect(findSecret(bytes, forms)).not.toEqual([]);
  });

  it('is not found where it is not, nor in the end that OpenAI quotes of it', () => {
    expect(findSecret(Buffer.from('sk-canar*****4b06, sk-something-else'), forms)).toEqual([]);
  });

  it('is told with the place where it was found', async () => {
    const sinks = new Sinks({ key: SECRET });
    sinks.look('console', 'all is well');
    sinks.look('console', `oh: ${SECRET}`);
    expect(await sinks.leaks()).toEqual([
      { secret: 'key', where: 'console', form: 'plain' },
      { secret: 'key', where: 'console', form: 'plain, its end' }
    ]);
  });

  it('is found in the files of a folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sinks-'));
    writeFileSync(join(folder, 'log'), Buffer.from(SECRET, 'utf16le'));
    const sinks = new Sinks({ key: SECRET });
    sinks.lookThroughFiles(folder);
    rmSync(folder, { recursive: true });
    expect((await sinks.leaks()).map(({ where }) => where)).toEqual(['file log']);
  });
});
