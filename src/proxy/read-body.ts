import { Refusal } from './refusal.ts';

/**
 * The whole body of a request, counted while it arrives: whatever length it declares, no more than
 * `maxBytes` are taken, and no longer than `timeoutMs`. Throws `Refusal`: `body_too_large`,
 * `body_too_slow`; the rest of such a body is not read.
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  timeoutMs: number
): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) {
    throw new Refusal('body_too_large');
  }
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let slow = false;
  const timer = setTimeout(() => {
    slow = true;
    // Ends the reading below.
    reader.cancel().catch(() => {});
  }, timeoutMs);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (slow) throw new Refusal('body_too_slow');
      if (done) return joined(chunks, bytes);
      bytes += value.length;
      if (bytes > maxBytes) throw new Refusal('body_too_large');
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    throw slow ? new Refusal('body_too_slow') : error;
  } finally {
    clearTimeout(timer);
  }
}

function joined(chunks: Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
