import type { Clock, HealthSink } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';
import type { Committed } from './protocol.ts';

const NEAR = 0.85;
export const RELIEVED = 0.8;

/** How full the store is, as health facts; `refused` says what found no room at all, until that has been told. */
export function tellHealth(health: HealthSink, { use, evicted }: Committed, refused?: string): void {
  const percent = `${Math.round(use * 100)} % of the quota is in use by records that are still to be sent`;
  if (refused)
    health.raise('outbox-evicting', '', `refused, because what matters more fills the store: ${refused}`);
  else if (evicted > 0)
    health.raise('outbox-evicting', '', `${evicted} records were dropped for room just now`);
  else if (use < RELIEVED) health.clear('outbox-evicting', '');
  if (use >= NEAR) health.raise('outbox-near-quota', '', percent);
  else if (use < RELIEVED) health.clear('outbox-near-quota', '');
}

/** A commit that takes longer is told. */
export const SLOW_MS: Millis = 1000;

/** Until it is aborted, the commit is under way. */
export function watchSlow(clock: Clock, health: HealthSink): AbortController {
  const over = new AbortController();
  clock.sleep('store slow watch', SLOW_MS, over.signal).then(
    () => health.raise('store-slow', '', `a commit has been under way for more than ${SLOW_MS} ms`),
    () => {},
  );
  return over;
}
