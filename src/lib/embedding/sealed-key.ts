import { ProviderError } from '#lib/base/errors.ts';

/** A key that only its passphrase opens. */
export interface SealedKey {
  /** Rounds of PBKDF2. */
  rounds: number;
  salt: Uint8Array<ArrayBuffer>;
  iv: Uint8Array<ArrayBuffer>;
  /** The key in UTF-8 and the 16 bytes that authenticate it. */
  ciphertext: Uint8Array<ArrayBuffer>;
}

/**
 * Rounds of PBKDF2-HMAC-SHA-256. OWASP's Password Storage Cheat Sheet asks for 600,000 (2023); a million
 * takes about a third of a second here.
 */
const ROUNDS = 1_000_000;
/** Fewer would be too weak, and more would keep the worker busy for ever: neither was written by us. */
const ROUNDS_ALLOWED = { least: 600_000, most: 10_000_000 };
const SALT_BYTES = 16;
/** As NIST SP 800-38D recommends for GCM. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Shortest passphrase, in characters. */
export const SHORTEST_PASSPHRASE = 8;

/**
 * Encrypts a key under a passphrase: PBKDF2, then AES-GCM with 256 bits. `address` is where the key may be
 * sent; it opens for no other. Throws `ProviderError` `passphrase` for one that is too short.
 */
export async function sealKey(
  apiKey: string,
  passphrase: string,
  address: string
): Promise<SealedKey> {
  if ([...passphrase].length < SHORTEST_PASSPHRASE) {
    throw new ProviderError(
      'passphrase',
      `The passphrase is shorter than ${SHORTEST_PASSPHRASE} characters.`,
      'Take a few words that nobody would guess.'
    );
  }
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const secret = await deriveSecret(passphrase, salt, ROUNDS);
  const plain = new TextEncoder().encode(apiKey);
  const sealed = await crypto.subtle.encrypt(gcm(iv, address), secret, plain);
  return { rounds: ROUNDS, salt, iv, ciphertext: new Uint8Array(sealed) };
}

/**
 * The key again. Throws `ProviderError`: `passphrase` when it does not open (a wrong one, another address,
 * or altered bytes: they can't be told apart), `kept-key` when what was kept can't be a sealed key.
 */
export async function openKey(
  sealed: SealedKey,
  passphrase: string,
  address: string
): Promise<string> {
  assertSealed(sealed);
  const { rounds, salt, iv, ciphertext } = sealed;
  const secret = await deriveSecret(passphrase, salt, rounds);
  try {
    const plain = await crypto.subtle.decrypt(gcm(iv, address), secret, ciphertext);
    return new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch {
    throw new ProviderError(
      'passphrase',
      'This passphrase does not open the key.',
      'Try again. If it is lost, forget the key and enter one anew.'
    );
  }
}

async function deriveSecret(
  passphrase: string,
  salt: Uint8Array<ArrayBuffer>,
  rounds: number
): Promise<CryptoKey> {
  // One spelling, however a keyboard composes its letters.
  const bytes = new TextEncoder().encode(passphrase.normalize('NFKC'));
  const base = await crypto.subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds },
    base,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt']
  );
}

function gcm(iv: Uint8Array<ArrayBuffer>, address: string): AesGcmParams {
  const additionalData = new TextEncoder().encode(`semblance-key-1 ${address}`);
  return { name: 'AES-GCM', iv, additionalData, tagLength: 8 * TAG_BYTES };
}

/** What a disk or another program damaged must not be worked on. */
function assertSealed(sealed: SealedKey): void {
  const { rounds, salt, iv, ciphertext } = sealed;
  const { least, most } = ROUNDS_ALLOWED;
  const isSealed =
    Number.isSafeInteger(rounds) &&
    rounds >= least &&
    rounds <= most &&
    isBytes(salt, SALT_BYTES, SALT_BYTES) &&
    isBytes(iv, IV_BYTES, IV_BYTES) &&
    isBytes(ciphertext, TAG_BYTES + 1, 10_000);
  if (isSealed) return;
  throw new ProviderError(
    'kept-key',
    'The key kept on this device is damaged.',
    'Forget it and enter the key anew.'
  );
}

function isBytes(value: unknown, least: number, most: number): boolean {
  return value instanceof Uint8Array && value.length >= least && value.length <= most;
}
