import type { Clock, HealthSink, HealthView } from '../contracts/index.ts';
import { type FactCode, HEALTH_FACTS, type HealthFact, type Severity } from '../model/index.ts';

export interface HealthRegistry extends HealthSink, HealthView {
  /** Facts of these subjects alarm nobody, and say so: somebody works there. */
  mute(subjects: ReadonlySet<string>): void;
}

const WORST_FIRST: Readonly<Record<Severity, number>> = { failed: 0, degraded: 1, info: 2 };

/** What is not as it should be, now. Only declared facts can be raised (the type says so). */
export function openHealth(clock: Clock): HealthRegistry {
  const raised = new Map<string, HealthFact>();
  const listeners = new Set<() => void>();
  const keyOf = (code: FactCode, subject: string) => `${code}\n${subject}`;
  let muted: ReadonlySet<string> = new Set();
  let version = 0;
  const changed = () => {
    version += 1;
    for (const wake of [...listeners]) wake();
  };
  /** The worst first, then the oldest. */
  const facts = () =>
    [...raised.values()]
      .sort((x, y) => WORST_FIRST[x.severity] - WORST_FIRST[y.severity] || x.since_up - y.since_up)
      .map((fact): HealthFact => (muted.has(fact.subject) ? { ...fact, maintenance: true } : fact));
  const change = (seen: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const done = () => {
        listeners.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      if (signal.aborted || version !== seen) return resolve();
      listeners.add(done);
      signal.addEventListener('abort', done);
    });
  return {
    raise: (code, subject, evidence) => {
      const key = keyOf(code, subject);
      const before = raised.get(key);
      if (before?.evidence === evidence) return;
      const since_up = before?.since_up ?? clock.now().up;
      raised.set(key, { code, severity: HEALTH_FACTS[code].severity, subject, since_up, evidence });
      // New evidence of an old fact is for whoever looks; only a change of facts wakes anybody.
      if (!before) changed();
    },
    clear: (code, subject) => {
      if (raised.delete(keyOf(code, subject))) changed();
    },
    mute: (subjects) => {
      muted = subjects;
      changed();
    },
    facts,
    async *changes(signal) {
      let seen = version;
      while (!signal.aborted) {
        await change(seen, signal);
        if (signal.aborted) return;
        // What changed while the reader was busy counts as one change.
        seen = version;
        yield facts();
      }
    },
  };
}
