/// <reference lib="webworker" />
import { workerPolicy } from '#lib/base/policy.ts';

/*
 * Gives the site's workers their content security policy on hosts that send no headers. It keeps nothing, and
 * looks at scripts of workers only: requests to other hosts never pass through it.
 */

declare const self: ServiceWorkerGlobalScope;

self.addEventListener('install', () => void self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { origin, pathname } = new URL(event.request.url);
  const policy = origin === self.location.origin ? workerPolicy(pathname) : undefined;
  if (policy) event.respondWith(withPolicy(event.request, policy));
});

async function withPolicy(request: Request, policy: string): Promise<Response> {
  const { body, status, statusText, headers: sent, ok } = await fetch(request);
  const headers = new Headers(sent);
  // Beside one that the host sent: a browser keeps to both.
  if (ok) headers.append('content-security-policy', policy);
  // The body is unpacked by now.
  headers.delete('content-encoding');
  headers.delete('content-length');
  return new Response(body, { status, statusText, headers });
}
