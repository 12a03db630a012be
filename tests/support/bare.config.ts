import { defineConfig } from 'vitest/config';

/** For a test that runs a suite of its own: no build before it. */
export default defineConfig({
  resolve: { conditions: ['gatelodge-source', 'node', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions: ['gatelodge-source', 'node', 'import', 'module', 'default'] } },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
