import { IndexError } from '#lib/base/errors.ts';

const PAGE = 65_536;
/** The end of 4 GiB is left alone: an address behind it would not fit 32 bits. */
const MAX_BYTES = 2 ** 32 - 64;

/**
 * Gives out a kernel's memory, from low addresses to high, and nothing back: it lasts as long as the
 * memory. The first 64 bytes are never given out, so that no address is 0. Views are valid until the
 * next {@link Arena.allocate}, which may grow the memory and so detach its buffer.
 */
export class Arena {
  readonly #memory: WebAssembly.Memory;
  #end = 64;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  /** Bytes given out so far, with what alignment took. */
  get used(): number {
    return this.#end;
  }

  /**
   * The address of `bytes` new bytes, a multiple of 16; they are zero. Throws an {@link IndexError}
   * `out-of-memory` when the browser gives no more, and then has changed nothing.
   */
  allocate(bytes: number): number {
    const address = this.#end;
    const end = address + Math.ceil(bytes / 16) * 16;
    const missing = Math.ceil((end - this.#memory.buffer.byteLength) / PAGE);
    if (end > MAX_BYTES || (missing > 0 && !this.#grow(missing))) {
      throw new IndexError(
        'out-of-memory',
        `The index needs ${Math.ceil(end / 2 ** 20)} MiB of memory, more than the browser gives it.`,
        'Close other tabs or programs and open the collection again, or embed it with fewer dimensions.',
        { bytes: end }
      );
    }
    this.#end = end;
    return address;
  }

  bytesAt(address: number, count: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer, address, count);
  }

  floatsAt(address: number, count: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#memory.buffer, address, count);
  }

  wordsAt(address: number, count: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#memory.buffer, address, count);
  }

  #grow(pages: number): boolean {
    try {
      this.#memory.grow(pages);
      return true;
    } catch {
      return false;
    }
  }
}
