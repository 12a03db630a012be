// Loaded before the daemon by a test: SIGUSR2 holds its event loop up for as long as GATELODGE_TEST_BLOCK_MS says, as a long computation would.
import { isMainThread } from 'node:worker_threads';

if (isMainThread)
  process.on('SIGUSR2', () => {
    const never = new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(never, 0, 0, Number(process.env.GATELODGE_TEST_BLOCK_MS));
  });
