/** Models by name: their own dimensions, and whether `dimensions` may shorten them. */
export type Models = Readonly<Record<string, { dimensions: number; shortens: boolean }>>;

/** The models OpenAI's endpoint knows. */
export const MODELS: Models = {
  'text-embedding-3-small': { dimensions: 1536, shortens: true },
  'text-embedding-3-large': { dimensions: 3072, shortens: true },
  'text-embedding-ada-002': { dimensions: 1536, shortens: false }
};

/** The answer of `GET /v1/models`. */
export function modelList(models: Models): object {
  const data = Object.keys(models).map((id) => ({
    id,
    object: 'model',
    created: 1705948997,
    owned_by: 'system'
  }));
  return { object: 'list', data };
}
