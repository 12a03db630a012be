import type { KnipConfig } from 'knip';

/** What is exported and used nowhere is told; types may be exported for the signatures they stand in. */
export default {
  entry: [
    'src/main.ts',
    'src/store/worker.ts',
    'scripts/{bench.d,demo.d,fuzz.d,generators}/*.mjs',
    // Started by the shell scripts and by the benchmarks.
    'scripts/lib/{act-latency,counts,new-driver}.mjs',
    'tests/support/bare.config.ts',
    // Preloaded into a daemon.
    'tests/support/block-loop.mjs',
    // Read by the compiler only.
    'tests/unit/*.test-d.ts',
    // Run by node itself, inside the virtual machine of scripts/test-gpio.
    'tests/gpio/*.test.mjs',
  ],
  project: ['src/**/*.ts', 'drivers/**/*.ts', 'scripts/**/*.mjs', 'tests/**/*.{ts,mjs}'],
  ignoreExportsUsedInFile: { interface: true, type: true },
  ignoreBinaries: ['scripts/*'],
  ignoreDependencies: [
    // The shell scripts call it.
    '@biomejs/biome',
  ],
  compilers: {
    // Scripts use the build; what they import from it is used.
    mjs: (text: string) =>
      text.replace(/(['"])([./]+)dist\/(src|drivers)\/([^'"]+)\.js\1/g, '$1$2$3/$4.ts$1'),
  },
} satisfies KnipConfig;
