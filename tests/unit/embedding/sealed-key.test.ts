import { beforeAll, describe, expect, it } from 'vitest';
import type { SemblanceError } from '#lib/base/errors.ts';
import { openKey, sealKey, type SealedKey } from '#lib/embedding/sealed-key.ts';

const KEY = 'sk-canary-0123456789abcdefghij';
const PASSPHRASE = 'correct horse battery';
const HERE = 'https://api.openai.com/v1';

let sealed: SealedKey;
beforeAll(async () => {
  sealed = await sealKey(KEY, PASSPHRASE, HERE);
});

async function failure(work: Promise<unknown>): Promise<SemblanceError> {
  return work.then(
    () => expect.fail('It opened.'),
    (error: SemblanceError) => error
  );
}

/** The bytes with one bit of one of them turned. */
function altered(bytes: Uint8Array<ArrayBuffer>, at: number): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  copy[at]! ^= 1;
  return copy;
}

describe('a sealed key', () => {
  it('opens with its passphrase', async () => {
    expect(await openKey(sealed, PASSPHRASE, HERE)).toBe(KEY);
  });

  it('holds neither key nor passphrase in plain, and is different each time', async () => {
    const bytes = Buffer.concat([sealed.salt, sealed.iv, sealed.ciphertext]).toString('latin1');
    expect(bytes).not.toContain(KEY.slice(0, 6));
    expect(bytes).not.toContain(PASSPHRASE.slice(0, 6));
    expect(sealed.rounds).toBeGreaterThanOrEqual(600_000);
    const again = await sealKey(KEY, PASSPHRASE, HERE);
    expect(again.salt).not.toEqual(sealed.salt);
    expect(again.iv).not.toEqual(sealed.iv);
    expect(again.ciphertext).not.toEqual(sealed.ciphertext);
  });

  it('does not open with another passphrase', async () => {
    const error = await failure(openKey(sealed, 'Correct horse battery', HERE));
    expect(error.code).toBe('passphrase');
    expect(error.next).not.toBe('');
  });

  it('does not open for another address', async () => {
    const error = await failure(openKey(sealed, PASSPHRASE, 'https://evil.example/v1'));
    expect(error.code).toBe('passphrase');
  });

  it.each(['salt', 'iv', 'ciphertext'] as const)(
    'does not open when its %s was altered',
    async (part) => {
      for (const at of [0, sealed[part].length - 1]) {
        const changed = { ...sealed, [part]: altered(sealed[part], at) };
        expect((await failure(openKey(changed, PASSPHRASE, HERE))).code).toBe('passphrase');
      }
    }
  );

  it.each([
    ['few rounds', { rounds: 1 }],
    ['endless rounds', { rounds: 1e12 }],
    ['no number of rounds', { rounds: Number.NaN }],
    ['a short salt', { salt: new Uint8Array(3) }],
    ['no IV', { iv: undefined }],
    ['no key in it', { ciphertext: new Uint8Array(16) }],
    ['a text for bytes', { ciphertext: 'abc' }]
  ])('with %s is refused before it is worked on', async (_, change) => {
    const damaged = { ...sealed, ...change } as SealedKey;
    expect((await failure(openKey(damaged, PASSPHRASE, HERE))).code).toBe('kept-key');
  });

  it('opens however a keyboard spells the passphrase’s letters', async () => {
    const composed = await sealKey(KEY, 'schl\u00fcssel und \u00e5nger', HERE);
    expect(await openKey(composed, 'schlu\u0308ssel und a\u030anger', HERE)).toBe(KEY);
  });

  it('is not made with a passphrase that is too short', async () => {
    const error = await failure(sealKey(KEY, 'seven77', HERE));
    expect(error.code).toBe('passphrase');
    expect(error.message).toContain('8 characters');
    expect(error.message).not.toContain('seven77');
  });

  it('tells no secret in an error', async () => {
    for (const passphrase of ['wrong but long enough', '']) {
      const { message, next, detail } = await failure(openKey(sealed, passphrase, HERE));
      expect(JSON.stringify([message, next, detail])).not.toMatch(/sk-canary|wrong but/);
    }
  });
});
