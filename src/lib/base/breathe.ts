/** Longest a loop runs before it lets the thread hear its messages, in milliseconds. */
const STRETCH_MS = 12;

/**
 * For long loops: `await breathe()` now and then. It returns at once until the loop has held the
 * thread for some milliseconds, then lets waiting messages (an abort, a query) be heard.
 */
export function makeBreather(
  now: () => number = () => performance.now()
): () => Promise<void> | undefined {
  let since = now();
  return () => {
    if (now() - since < STRETCH_MS) return undefined;
    return nextTask().then(() => {
      since = now();
    });
  };
}

/** Resolves in a new task, without the 4 ms that nested timers are held back. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
