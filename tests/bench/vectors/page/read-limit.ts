const PAGE_BYTES = 65_536;
/** The loop reads four lanes of 16 bytes at a time. */
const STEP_BYTES = 64;
const RUNS = 15;
/** So much is read in each run, again and again where it is less: clocks are coarse. */
const RUN_BYTES = 1e8;

/**
 * Gigabytes a second of the least that any comparison with all vectors has to do: reading `bytes` in
 * WebAssembly, 16 at a time, into four accumulators. The fastest of several runs, after some others:
 * whatever else the machine did meanwhile is not its limit.
 */
export async function readLimit(bytes: number): Promise<number> {
  const rounded = Math.ceil(bytes / STEP_BYTES) * STEP_BYTES;
  const memory = new WebAssembly.Memory({ initial: Math.ceil(rounded / PAGE_BYTES) });
  // A page that was never written is one and the same page of zeros, which the cache holds.
  new Uint8Array(memory.buffer).fill(1);
  const { instance } = await WebAssembly.instantiate(MODULE, { host: { memory } });
  const read = instance.exports.read as (bytes: number) => number;
  // Short calls first, until the optimising compiler has taken over.
  for (let i = 0; i < 2000; i++) read(Math.min(rounded, PAGE_BYTES));
  const rounds = Math.ceil(RUN_BYTES / rounded);
  let fastestMs = Infinity;
  for (let run = 0; run < RUNS; run++) {
    const from = performance.now();
    for (let round = 0; round < rounds; round++) read(rounded);
    fastestMs = Math.min(fastestMs, (performance.now() - from) / rounds);
  }
  return rounded / 1e6 / fastestMs;
}

const I32 = 0x7f;
const V128 = 0x7b;
const getLocal = (index: number) => [0x20, index];
const setLocal = (index: number) => [0x21, index];
const xor = [0xfd, 0x51];
/** Locals: 0 the bytes to read, 1 the address, 2 to 5 the accumulators. */
const accumulate = (lane: number) => [
  ...getLocal(2 + lane),
  ...getLocal(1),
  ...[0xfd, 0x00, 4, lane * 16], // v128.load align=16 offset=lane × 16
  ...xor,
  ...setLocal(2 + lane)
];
const BODY = [
  ...[2, 1, I32, 4, V128],
  ...[0x03, 0x40], // loop
  ...[0, 1, 2, 3].flatMap(accumulate),
  ...[...getLocal(1), 0x41, 0xc0, 0x00, 0x6a, 0x22, 1], // address += 64, and look at it:
  ...[...getLocal(0), 0x49, 0x0d, 0], // again while below the bytes
  0x0b, // end of the loop
  ...[2, 3, 4, 5].flatMap(getLocal),
  ...[...xor, ...xor, ...xor],
  ...[0xfd, 0x1b, 0], // the first 32 bits, so that nothing is left out
  0x0b
];
const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
const section = (id: number, content: number[]) => [id, content.length, ...content];

/** `(func (export "read") (param i32) (result i32))` on the memory `host.memory`. */
const MODULE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [1, 0x60, 1, I32, 1, I32]),
  ...section(2, [1, ...text('host'), ...text('memory'), 0x02, 0x00, 0]),
  ...section(3, [1, 0]),
  ...section(7, [1, ...text('read'), 0x00, 0]),
  ...section(10, [1, BODY.length, ...BODY])
]);
