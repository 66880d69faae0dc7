import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { PAGE_POLICY } from './src/lib/base/policy.ts';
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
      directives: PAGE_POLICY
    },
    // The page does so itself, with an address that serves under any path.
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
