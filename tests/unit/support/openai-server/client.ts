import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { startOpenAIServer, TEST_KEY, type OpenAIServer } from '../../../support/openai-server.ts';

export const MODEL = 'text-embedding-3-small';

/** The file's server, without faults and with an empty ledger before each test. */
export let server: OpenAIServer;
/** The real SDK, talking to it. */
export let client: OpenAI;

beforeAll(async () => {
  server = await startOpenAIServer();
  client = clientOf(server);
});
beforeEach(() => {
  server.faults.clear();
  server.ledger.clear();
});
afterAll(() => server.close());

/** An SDK client that tries once. */
export function clientOf({ baseUrl }: OpenAIServer, apiKey = TEST_KEY): OpenAI {
  return new OpenAI({ apiKey, baseURL: baseUrl, maxRetries: 0 });
}

/** A small request that is in order. */
export function embed(input: string | string[] = 'a text') {
  return client.embeddings.create({ model: MODEL, input, dimensions: 8 });
}

/** The error a request must end with. */
export function errorOf(promise: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  return promise.then(
    () => expect.fail('It was answered.'),
    (error) => error
  );
}

/** Posts a body as it is, past the SDK's types. */
export function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.baseUrl}/embeddings`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${TEST_KEY}`,
      'content-type': 'application/json',
      ...headers
    },
    body: typeof body === 'string' ? body : JSON.stringify(body)
  });
}

/** Status and error of a refusal. */
export async function refusal(body: unknown, headers?: Record<string, string>) {
  const response = await post(body, headers);
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  return { status: response.status, ...error };
}
