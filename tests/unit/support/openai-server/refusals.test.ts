import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { startOpenAIServer, TEST_KEY } from '../../../support/openai-server.ts';
import { countTokens } from '../../../support/openai-server/tokens.ts';
import { client, clientOf, errorOf, MODEL, refusal, server } from './client.ts';

describe('a key', () => {
  test('that is wrong is refused with its middle masked', async () => {
    const error = await errorOf(clientOf(server, 'sk-wrong-key-0123456789').models.list());
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key' });
    expect(error.message).toContain('Incorrect API key provided: sk-wrong***********6789.');
  });

  test('of a course is wrong unless the server knows it', async () => {
    const key = '<OPENAI_API_TOKEN>';
    const error = await errorOf(clientOf(server, key).models.list());
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    const course = await startOpenAIServer({ keys: [key] });
    const { data } = await clientOf(course, key).models.list();
    await course.close();
    expect(data).toHaveLength(3);
  });

  test.each(['', 'Basic abc'])('is missing from the header %j', async (authorization) => {
    const error = await refusal({ model: MODEL, input: 'a' }, { authorization });
    expect(error).toMatchObject({ status: 401, type: 'invalid_request_error', code: null });
    expect(error).toHaveProperty('message', expect.stringContaining("didn't provide an API key"));
  });
});

describe('a request is refused', () => {
  const invalidInput = /^'\$\.input' is invalid/;
  const long = Array<number>(8192).fill(1);
  test.each<[string, unknown, RegExp]>([
    ['that is not JSON', '{', /could not parse the JSON body/],
    ['that is not an object', [], /not of type 'object'/],
    [
      'with unknown parameters',
      { model: MODEL, input: 'a', a: 1, b: 2 },
      /^Unrecognized request arguments supplied: a, b$/
    ],
    ['without a model', { input: 'a' }, /^you must provide a model parameter$/],
    ['without an input', { model: MODEL }, invalidInput],
    ['with an empty text', { model: MODEL, input: '' }, invalidInput],
    ['with an empty text among others', { model: MODEL, input: ['a', ''] }, invalidInput],
    ['with no texts', { model: MODEL, input: [] }, invalidInput],
    ['with texts and tokens mixed', { model: MODEL, input: ['a', [1]] }, invalidInput],
    ['with an empty list of tokens', { model: MODEL, input: [[1], []] }, invalidInput],
    ['with a token past the vocabulary', { model: MODEL, input: [100_277] }, invalidInput],
    ['with a broken token', { model: MODEL, input: [[1.5]] }, invalidInput],
    ['with a null input', { model: MODEL, input: ['a', null] }, invalidInput],
    ['with 2,049 inputs', { model: MODEL, input: Array(2049).fill('a') }, invalidInput],
    [
      'with an input of 8,193 tokens',
      { model: MODEL, input: ['a', ' the'.repeat(8193)] },
      /maximum context length is 8192 tokens, however you requested 8193 tokens \(8193 in your prompt/
    ],
    [
      'with no dimensions',
      { model: MODEL, input: 'a', dimensions: 0 },
      /less than the minimum of 1 - 'dimensions'/
    ],
    [
      'with more dimensions than the model has',
      { model: MODEL, input: 'a', dimensions: 1537 },
      /'dimensions' = 1537. Must be less than or equal to 1536/
    ],
    [
      'with half a dimension',
      { model: MODEL, input: 'a', dimensions: 1.5 },
      /not of type 'integer'/
    ],
    [
      'with dimensions for a fixed model',
      { model: 'text-embedding-ada-002', input: 'a', dimensions: 1536 },
      /^This model does not support specifying dimensions\.$/
    ],
    [
      'with another encoding',
      { model: MODEL, input: 'a', encoding_format: 'hex' },
      /^Invalid value for 'encoding_format' = hex/
    ],
    ['with a user that is no text', { model: MODEL, input: 'a', user: 1 }, /'string' - 'user'/]
  ])('%s', async (_, body, message) => {
    expect(await refusal(body)).toEqual({
      status: 400,
      message: expect.stringMatching(message),
      type: 'invalid_request_error',
      param: null,
      code: null
    });
  });

  test('over 300,000 tokens, with a type of its own', async () => {
    const input = Array<number[]>(37).fill(long);
    expect(await refusal({ model: MODEL, input })).toEqual({
      status: 400,
      message: 'Requested 303104 tokens, max 300000 tokens per request',
      type: 'max_tokens_per_request',
      param: null,
      code: 'max_tokens_per_request'
    });
  });

  test('for a model that does not exist', async () => {
    const error = await errorOf(
      client.embeddings.create({ model: 'text-embedding-9', input: 'a' })
    );
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error.code).toBe('model_not_found');
    expect(error.message).toContain('The model `text-embedding-9` does not exist');
  });

  test('as another content type', async () => {
    const error = await refusal({ model: MODEL, input: 'a' }, { 'content-type': 'text/plain' });
    expect(error).toMatchObject({ status: 400, code: 'unsupported_content_type' });
  });

  test('by another method or address', async () => {
    const headers = { authorization: `Bearer ${TEST_KEY}` };
    expect((await fetch(`${server.baseUrl}/embeddings`, { headers })).status).toBe(405);
    expect((await fetch(`${server.baseUrl}/other`, { headers })).status).toBe(404);
  });

  test('but not at the limits themselves', async () => {
    const most = await client.embeddings.create({
      model: MODEL,
      input: Array<string>(2048).fill('a'),
      dimensions: 1,
      user: 'somebody'
    });
    expect(most.data).toHaveLength(2048);
    const longest = await client.embeddings.create({ model: MODEL, input: long, dimensions: 1536 });
    expect(longest.usage.total_tokens).toBe(8192);
  });
});

describe('tokens', () => {
  test('are those of cl100k_base, with special tokens as plain text', () => {
    expect(countTokens('hello world')).toBe(2);
    expect(countTokens('<|endoftext|>')).toBe(7);
  });

  test('of unbroken runs are counted piece by piece', () => {
    const piece = countTokens('a'.repeat(5000));
    expect(countTokens('a'.repeat(50_000))).toBe(10 * piece);
    const spaced = countTokens(' ' + 'a'.repeat(5000));
    expect(countTokens(' ' + 'a'.repeat(5001))).toBe(spaced + 1);
  });
});
