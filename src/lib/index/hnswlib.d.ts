/** The part of hnswlib-wasm 0.8.2 that is used, with what src/site/hnswlib-transform.ts exports. */
declare module 'hnswlib-wasm/lib/hnswlib.mjs' {
  import type { Held, HnswlibExports } from '#lib/index/point-calls.ts';

  /** The graph. Failures throw a `WebAssembly.Exception` without a message. */
  export interface HierarchicalNSW extends Held {
    initIndex(maxElements: number, m: number, efConstruction: number, randomSeed: number): void;
    readIndex(filename: string, maxElements: number): void;
    writeIndex(filename: string): void;
    resizeIndex(maxElements: number): void;
    markDeleteItems(labels: number[]): void;
    unmarkDelete(label: number): void;
    getUsedLabels(): number[];
    getDeletedLabels(): number[];
    getMaxElements(): number;
    setEfSearch(ef: number): void;
  }

  export interface HnswlibModule {
    HierarchicalNSW: new (space: 'ip', dimensions: number, autoSaveFilename: '') => HierarchicalNSW;
    asm: HnswlibExports;
    FS: {
      mkdir(path: string): void;
      lookupPath(path: string): {
        node: { contents: Uint8Array<ArrayBuffer>; usedBytes: number };
      };
      writeFile(path: string, bytes: Uint8Array, options: { canOwn: boolean }): void;
      unlink(path: string): void;
    };
  }

  /** A new module with its own WebAssembly memory. */
  export default function factory(options: {
    print: (line: string) => void;
    printErr: (line: string) => void;
  }): Promise<HnswlibModule>;
}
