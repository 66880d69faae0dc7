import { join } from 'node:path';
import { defineConfig } from 'vite';
import { hnswlibTransform } from '../../../src/site/hnswlib-transform.ts';
import { kernelPlugin } from '../../../src/site/kernel-plugin.ts';

/*
 * The bench page. The transform changes `hnswlib-wasm/lib/hnswlib.mjs`, which the index imports; the
 * peer imports the package as published (`dist`) and stays as it is.
 */
export default defineConfig({
  root: join(import.meta.dirname, 'page'),
  base: './',
  plugins: [hnswlibTransform(), kernelPlugin()],
  worker: { format: 'es', plugins: () => [hnswlibTransform(), kernelPlugin()] },
  build: { assetsInlineLimit: 0, target: 'esnext', emptyOutDir: true, reportCompressedSize: false }
});
