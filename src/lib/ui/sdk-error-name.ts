/**
 * The class of the packages `openai` (Python's and JavaScript's alike) for an HTTP status; undefined for one
 * that is no error. Source: openai-node, `src/core/error.ts`.
 */
export function sdkErrorName(status: number): string | undefined {
  if (status < 400) return undefined;
  if (status >= 500) return 'InternalServerError';
  return NAMES[status] ?? 'APIError';
}

const NAMES: Partial<Record<number, string>> = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  409: 'ConflictError',
  422: 'UnprocessableEntityError',
  429: 'RateLimitError'
};
