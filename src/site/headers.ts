import { workerPolicy } from '../lib/base/policy.ts';

/** What a host can say that the page's own policy can't, or that is worth saying, of every file. */
export const SECURITY_HEADERS: Record<string, string> = {
  'content-security-policy': "frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY'
};

/** Files whose names change with their content. */
const UNCHANGING = '/_app/immutable/';

/** The headers of the file at a path of the site, such as `/index.html`. */
export function headersOf(path: string): Record<string, string> {
  const policy = workerPolicy(path);
  return {
    ...SECURITY_HEADERS,
    ...(policy && { 'content-security-policy': policy }),
    'cache-control': path.startsWith(UNCHANGING)
      ? 'public, max-age=31536000, immutable'
      : 'no-cache'
  };
}

/**
 * The same for hosts that read a `_headers` file (Netlify, Cloudflare Pages), where the site lies at the
 * root. The rule of a worker's script adds to that of all files.
 */
export function headersFile(paths: string[]): string {
  const workers = paths.flatMap((path): [string, Record<string, string>][] => {
    const policy = workerPolicy(`/${path}`);
    return policy ? [[`/${path}`, { 'content-security-policy': policy }]] : [];
  });
  const rules: [string, Record<string, string>][] = [
    ['/*', SECURITY_HEADERS],
    [`${UNCHANGING}*`, { 'cache-control': headersOf(UNCHANGING)['cache-control']! }],
    ...workers
  ];
  return rules
    .map(([path, headers]) => {
      const lines = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}\n`);
      return `${path}\n${lines.join('')}`;
    })
    .join('\n');
}
