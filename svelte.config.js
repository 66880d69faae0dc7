import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { relocatable } from './src/site/relocate.ts';

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    // The page is one file that any static host can serve, so the route lives after the '#'.
    router: { type: 'hash' },
    adapter: relocatable(adapter({ pages: 'build' }), 'build'),
    csp: {
      mode: 'hash',
      directives: {
        'default-src': ['self'],
        'script-src': ['self', 'wasm-unsafe-eval'],
        // Svelte and SvelteKit set inline styles.
        'style-src': ['self', 'unsafe-inline'],
        'img-src': ['self', 'data:', 'blob:'],
        // The page itself never calls another host: only workers do, and they hold an allowlist.
        'connect-src': ['self'],
        'object-src': ['none'],
        'base-uri': ['none'],
        'form-action': ['none']
      }
    },
    serviceWorker: { register: false },
    typescript: {
      config: (config) => ({
        ...config,
        include: [
          ...config.include.filter((path) => !path.includes('tests/')),
          '../tests/**/*.ts',
          '../*.ts'
        ],
        // AssemblyScript has types of its own.
        exclude: [...config.exclude, '../src/lib/index/kernel/assembly/**']
      })
    }
  }
};
