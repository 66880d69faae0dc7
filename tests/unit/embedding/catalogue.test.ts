import { describe, expect, it } from 'vitest';
import {
  compatibleModel,
  findModel,
  isLocalHost,
  MODELS,
  modelOfSpace,
  normaliseBaseUrl,
  spaceOf
} from '#lib/embedding/catalogue.ts';

describe('the catalogue', () => {
  it('offers the built-in model first, then those of OpenAI', () => {
    expect(MODELS.map(({ id }) => id)).toEqual([
      'built-in',
      'text-embedding-3-small',
      'text-embedding-3-large',
      'text-embedding-ada-002'
    ]);
  });

  it("offers each model's own dimensions first and smaller ones after", () => {
    for (const { dimensions, choices } of MODELS) {
      expect(choices[0]).toBe(dimensions);
      expect(choices).toEqual(choices.toSorted((a, b) => b - a));
    }
    expect(findModel('text-embedding-3-large')?.choices).toEqual([3072, 1536, 1024, 512, 256]);
    expect(findModel('text-embedding-ada-002')?.choices).toEqual([1536]);
  });

  it('knows neither dimensions nor price of a model of another server', () => {
    expect(findModel('nomic-embed-text')).toBeUndefined();
    expect(compatibleModel('nomic-embed-text')).toMatchObject({
      id: 'nomic-embed-text',
      dimensions: 0,
      choices: [],
      usdPerMillionTokens: null
    });
  });
});

describe('a space', () => {
  const small = findModel('text-embedding-3-small')!;

  it('is the same for an own key and a course token', () => {
    expect(spaceOf('course', small, 512)).toEqual(spaceOf('openai', small, 512));
    expect(spaceOf('openai', small, 512)).toEqual({
      provider: 'openai',
      model: 'text-embedding-3-small',
      dimensions: 512,
      revision: 1
    });
  });

  it("is named by another server's normalised address", () => {
    const space = spaceOf('compatible', compatibleModel('m'), 768, 'localhost:11434/v1/');
    expect(space.provider).toBe('http://localhost:11434/v1');
  });

  it("needs that server's address", () => {
    expect(() => spaceOf('compatible', compatibleModel('m'), 768)).toThrow('base URL is missing');
  });

  it('carries the identity of the built-in embedder', () => {
    expect(spaceOf('built-in', findModel('built-in')!, 384).provider).toBe('built-in@1');
  });

  it('leads back to its model', () => {
    for (const model of MODELS) {
      const space = spaceOf(model.provider, model, model.dimensions, 'http://localhost');
      expect(modelOfSpace(space)).toBe(model);
    }
  });

  it('does not lend the price of an OpenAI model to a gateway that uses its name', () => {
    const space = spaceOf('compatible', compatibleModel(small.id), 1536, 'https://gateway.test/v1');
    expect(modelOfSpace(space)).toMatchObject({ usdPerMillionTokens: null, dimensions: 1536 });
  });
});

describe('normaliseBaseUrl', () => {
  it.each([
    ['http://localhost:11434/v1', 'http://localhost:11434/v1'],
    ['localhost:11434/v1', 'http://localhost:11434/v1'],
    ['127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['[::1]:8080/v1', 'http://[::1]:8080/v1'],
    ['api.example.com/v1', 'https://api.example.com/v1'],
    ['gpu:8000', 'https://gpu:8000'],
    ['  HTTPS://API.Example.com/V1//  ', 'https://api.example.com/V1'],
    ['https://api.example.com/v1/embeddings', 'https://api.example.com/v1'],
    ['https://api.example.com/v1/embeddings/', 'https://api.example.com/v1'],
    ['https://api.example.com:443', 'https://api.example.com'],
    ['http://192.168.1.20:1234/v1', 'http://192.168.1.20:1234/v1']
  ])('writes %s as %s', (given, expected) => {
    expect(normaliseBaseUrl(given)).toBe(expected);
    expect(normaliseBaseUrl(expected)).toBe(expected);
  });

  it.each([
    '',
    '   ',
    'nonsense',
    'not a url',
    'ftp://example.com',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'https://',
    'https://user:secret@example.com/v1',
    'https://example.com/v1?key=secret',
    'https://example.com/v1#part'
  ])('refuses %j', (given) => {
    expect(() => normaliseBaseUrl(given)).toThrow(expect.objectContaining({ code: 'base-url' }));
  });

  it('does not repeat a password in its error', () => {
    expect(() => normaliseBaseUrl('https://user:secret@example.com')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') })
    );
  });
});

describe('isLocalHost', () => {
  it.each(['localhost', '127.0.0.1', '[::1]', 'app.localhost'])(
    'knows %s as this computer',
    (host) => {
      expect(isLocalHost(host)).toBe(true);
    }
  );
  it.each(['example.com', 'localhost.example.com', '10.0.0.1', '128.0.0.1'])(
    'takes %s for another',
    (host) => {
      expect(isLocalHost(host)).toBe(false);
    }
  );
});
