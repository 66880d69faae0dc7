/** A secret in one of the ways that programs write it. */
export interface SecretForm {
  name: string;
  bytes: Buffer;
}

/** Longest piece of a secret that may be told: the end of a key, as OpenAI itself quotes it. */
const TOLD = 6;

/**
 * The ways in which a secret of ASCII letters may lie in bytes: as it is, in two bytes a letter, in base64
 * at each of three alignments, in hexadecimal, reversed; and the longer half of it alone.
 */
export function secretForms(secret: string): SecretForm[] {
  const half = secret.slice(0, Math.max(TOLD + 1, Math.ceil(secret.length / 2)));
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(half)]).toString('base64');
    // Of the first and the last letters other bytes decide, too.
    return text.slice(offset === 0 ? 0 : 4, -4);
  });
  const forms: [string, Buffer][] = [
    ['plain', Buffer.from(half)],
    ['plain, its end', Buffer.from(secret.slice(-half.length))],
    ['UTF-16', Buffer.from(half, 'utf16le')],
    ...base64.map((text, n): [string, Buffer] => [`base64 + ${n}`, Buffer.from(text)]),
    ['hexadecimal', Buffer.from(Buffer.from(half).toString('hex'))],
    ['reversed', Buffer.from([...half].reverse().join(''))]
  ];
  return forms.map(([name, bytes]) => ({ name, bytes }));
}

/** The ways in which a secret is found in some bytes; none when it is not there. */
export function findSecret(bytes: Buffer, forms: SecretForm[]): string[] {
  return forms.filter((form) => bytes.includes(form.bytes)).map(({ name }) => name);
}
