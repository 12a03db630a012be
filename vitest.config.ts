import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['gatelodge-source', 'node', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions: ['gatelodge-source', 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
    globalSetup: ['tests/support/build.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
