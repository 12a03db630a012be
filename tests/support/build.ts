import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Before all tests: those that run real processes and the store's worker need the build to be fresh. */
export default function setup(): void {
  execFileSync(fileURLToPath(new URL('../../scripts/build', import.meta.url)), { stdio: 'inherit' });
}
