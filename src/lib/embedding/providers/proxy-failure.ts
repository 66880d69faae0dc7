import { duration } from '#lib/base/format.ts';
import type { ProviderErrorCode } from '../types.ts';
import type { Refusal } from './failure.ts';

/** What a learner can do about a proxy that can't serve. */
export const TELL_COURSE =
  'Tell whoever runs the course; until then, Built-in or a key of your own works.';

/**
 * What a course's proxy refuses on its own account (see `src/proxy/refusal.ts`), told to its learners, who
 * can't mend it; undefined for what it passes on, and for what waiting mends.
 */
export function proxyRefusal({
  code,
  retryAfterMs
}: Pick<Refusal, 'code' | 'retryAfterMs'>):
  { code: ProviderErrorCode; message: string; next: string } | undefined {
  if (code === 'proxy_not_configured') {
    return {
      code: 'key',
      message: 'The course’s proxy has no key of its own yet.',
      next: TELL_COURSE
    };
  }
  if (code === 'proxy_misconfigured') {
    return {
      code: 'key',
      message: 'The key of the course’s proxy is not accepted.',
      next: TELL_COURSE
    };
  }
  if (code === 'upstream_quota') {
    const message = 'The account behind the course token has no credit left.';
    return { code: 'quota', message, next: TELL_COURSE };
  }
  if (code === 'origin_not_allowed') {
    const message = 'The course’s proxy does not know this page.';
    const next = `Ask whoever runs it to allow ${globalThis.location?.origin ?? 'its origin'}.`;
    return { code: 'forbidden', message, next };
  }
  if (code !== 'daily_budget_exceeded') return undefined;
  const when = retryAfterMs === undefined ? '' : `, in ${duration(retryAfterMs / 1000)}`;
  return {
    code: 'quota',
    message: 'The shared token has too few tokens left for today.',
    next: `Go on after midnight UTC${when}, or with a key of your own.`
  };
}
