/** A blob whose stream comes in pieces of the sizes that `nextSize` gives. */
export class ChoppedBytes extends Blob {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #nextSize: () => number;

  constructor(bytes: Uint8Array<ArrayBuffer>, nextSize: () => number) {
    super([bytes]);
    this.#bytes = bytes;
    this.#nextSize = nextSize;
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    let at = 0;
    return new ReadableStream({
      pull: (controller) => {
        if (at >= this.#bytes.length) return controller.close();
        const size = this.#nextSize();
        controller.enqueue(this.#bytes.slice(at, at + size));
        at += size;
      }
    });
  }
}
