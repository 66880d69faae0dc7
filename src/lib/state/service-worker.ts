/** Starts the service worker beside the page; the page works without one, too. */
export function startServiceWorker(): void {
  // The development server's scripts are not those of the build.
  if (!import.meta.env.PROD) return;
  navigator.serviceWorker?.register('./service-worker.js').catch(() => {
    // Not allowed in this window, or not over plain HTTP.
  });
}
