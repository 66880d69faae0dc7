import { sveltekit } from '@sveltejs/kit/vite';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { hnswlibTransform } from './src/site/hnswlib-transform.ts';
import { kernelPlugin } from './src/site/kernel-plugin.ts';
import { sqliteTransform } from './src/site/sqlite-transform.ts';
import { browserLaunchOptions } from './tests/support/browser.ts';

export default defineConfig({
  plugins: [hnswlibTransform(), sqliteTransform(), kernelPlugin(), sveltekit()],
  // Workers are ES modules so that their heavy parts (tokeniser, SDK) stay separate files, loaded when used.
  worker: { format: 'es', plugins: () => [hnswlibTransform(), sqliteTransform(), kernelPlugin()] },
  // The content security policy refuses `data:` URLs for fonts and for `fetch`.
  build: { assetsInlineLimit: 0 },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'unit', environment: 'node', include: ['tests/unit/**/*.test.ts'] }
      },
      {
        extends: true,
        // Found only when a test imports it, a package would be bundled late and the page reloaded.
        optimizeDeps: {
          // It looks for its WebAssembly beside itself.
          exclude: ['@sqlite.org/sqlite-wasm'],
          include: [
            '@noble/hashes/sha2.js',
            'gpt-tokenizer/encoding/cl100k_base',
            'idb',
            'jsonc-parser',
            'openai',
            'papaparse',
            'svelte',
            'svelte/reactivity'
          ]
        },
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          globalSetup: 'tests/support/provide-openai.ts',
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: browserLaunchOptions() }),
            instances: [{ browser: 'chromium' }]
          }
        }
      }
    ]
  }
});
