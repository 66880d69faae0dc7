import { describe, expect, it } from 'vitest';
import { ProviderError } from '#lib/base/errors.ts';
import {
  refusalError,
  unreachableError,
  withoutKey,
  type Endpoint,
  type Refusal
} from '#lib/embedding/providers/failure.ts';

const OPENAI: Endpoint = { identity: 'openai', baseUrl: 'https://api.openai.com/v1' };
const LOCAL: Endpoint = { identity: 'compatible', baseUrl: 'http://localhost:11434/v1' };

function refusal(status: number, rest: Partial<Refusal> = {}): Refusal {
  return { status, type: '', code: '', param: '', said: '', retryAfterMs: undefined, ...rest };
}

describe('a refusal', () => {
  it.each<[Refusal, string]>([
    [refusal(401, { code: 'invalid_api_key' }), 'key'],
    [refusal(402), 'quota'],
    [refusal(403), 'forbidden'],
    [refusal(403, { code: 'unsupported_country_region_territory' }), 'forbidden'],
    [refusal(403, { code: 'model_not_found' }), 'model'],
    [refusal(404, { code: 'model_not_found' }), 'model'],
    [refusal(404), 'model'],
    [refusal(405), 'model'],
    [refusal(408), 'timeout'],
    [refusal(409), 'server'],
    [refusal(413), 'input'],
    [refusal(418), 'forbidden'],
    [refusal(429, { code: 'rate_limit_exceeded', type: 'tokens' }), 'rate-limit'],
    [refusal(429), 'rate-limit'],
    [refusal(429, { type: 'insufficient_quota' }), 'quota'],
    [refusal(429, { code: 'insufficient_quota' }), 'quota'],
    [refusal(400, { code: 'billing_hard_limit_reached' }), 'quota'],
    [refusal(400, { param: 'input' }), 'input'],
    [refusal(400, { type: 'max_tokens_per_request' }), 'input'],
    [refusal(400, { said: "This model's maximum context length is 8192 tokens" }), 'input'],
    [refusal(400, { param: 'model' }), 'model'],
    [refusal(400, { param: 'dimensions' }), 'dimensions'],
    [refusal(400, { said: 'This model does not support specifying dimensions.' }), 'dimensions'],
    [refusal(422), 'input'],
    [refusal(500), 'server'],
    [refusal(502), 'server'],
    [refusal(503), 'server'],
    [refusal(529), 'server']
  ])('%j is %s', (given, code) => {
    const error = refusalError(given, OPENAI);
    expect(error).toBeInstanceOf(ProviderError);
    expect(error.code).toBe(code);
    expect(error.detail.status).toBe(given.status);
    expect(error.message).toMatch(/[.”]$/);
    expect(error.next).toMatch(/\.$/);
  });

  it("quotes the endpoint's own words", () => {
    expect(refusalError(refusal(401, { said: 'Incorrect key: sk-...abcd.' }), OPENAI).message).toBe(
      'The endpoint did not accept the API key: “Incorrect key: sk-...abcd.”'
    );
  });

  it('carries how long the endpoint asks to wait', () => {
    expect(refusalError(refusal(429, { retryAfterMs: 90_000 }), OPENAI).detail.retryAfterMs).toBe(
      90_000
    );
    expect(refusalError(refusal(429), OPENAI).detail).not.toHaveProperty('retryAfterMs');
  });

  it('tells an address without embeddings from a model that is not there', () => {
    const nothing = refusalError(refusal(404, { said: '404 page not found' }), LOCAL);
    expect(nothing.next).toContain('http://localhost:11434/v1/embeddings');
    const noModel = refusalError(
      refusal(404, { said: 'model "x" not found, try pulling it' }),
      LOCAL
    );
    expect(noModel.next).toBe('Choose another model, or check its name.');
  });

  it('sends the reader to whoever can help', () => {
    const key = (identity: Endpoint['identity']) =>
      refusalError(refusal(401), { ...OPENAI, identity }).next;
    expect(key('openai')).toContain('Settings');
    expect(key('course')).toContain('course');
  });
});

describe('an endpoint out of reach', () => {
  it('on this computer may be off, or not allow the page', () => {
    const { code, message, next } = unreachableError(LOCAL, 'https://page.test');
    expect(code).toBe('unreachable');
    expect(message).toBe("localhost:11434 can't be reached.");
    expect(next).toContain('OLLAMA_ORIGINS=https://page.test');
  });

  it('on plain HTTP can not be called from HTTPS', () => {
    const endpoint: Endpoint = { identity: 'compatible', baseUrl: 'http://gpu.test:8000/v1' };
    expect(unreachableError(endpoint, 'https://page.test').next).toContain('HTTPS');
    expect(unreachableError(endpoint, 'http://page.test').next).toContain('CORS');
  });

  it('of a course is its host’s to mend, wherever it runs', () => {
    const endpoint: Endpoint = { identity: 'course', baseUrl: 'http://127.0.0.1:4273/v1' };
    const { message, next } = unreachableError(endpoint, 'http://127.0.0.1:4273');
    expect(message).toBe('The course’s proxy (127.0.0.1:4273) can’t be reached.');
    expect(next).toContain('whoever runs the course');
    expect(next).not.toContain('OLLAMA');
  });

  it('may be the connection', () => {
    expect(unreachableError(OPENAI, undefined).next).toContain('connection');
  });
});

describe('withoutKey', () => {
  it('hides the key wherever it stands, and keeps the rest', () => {
    const error = new ProviderError('key', 'Bad sk-1 (sk-1).', 'Not sk-1.', { status: 401 });
    expect(withoutKey(error, 'sk-1')).toMatchObject({
      code: 'key',
      message: 'Bad ••• (•••).',
      next: 'Not •••.',
      detail: { status: 401 }
    });
    expect(withoutKey(error, '')).toBe(error);
  });
});
