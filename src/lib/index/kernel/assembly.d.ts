/** WebAssembly modules, compiled by src/site/kernel-plugin.ts. */
declare module '*?wasm=simd' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
declare module '*?wasm=relaxed-simd' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
