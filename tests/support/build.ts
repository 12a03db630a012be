import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Before all tests: those that run real processes and the store's worker need the build to be fresh. */
export default function setup(): void {
  try {
    execFileSync(fileURLToPath(new URL('../../scripts/build', import.meta.url)), { stdio: 'inherit' });
  } catch {
    // Tests of single parts are still worth running; those that need the build will fail and say so.
    console.error('the build failed: tests that run the built program will fail');
  }
}
