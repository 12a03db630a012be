import type { Clock, HealthSink, HealthView } from '../contracts/index.ts';
import { type FactCode, HEALTH_FACTS, type HealthFact } from '../model/index.ts';

export interface HealthRegistry extends HealthSink, HealthView {}

/** What is not as it should be, now. Only declared facts can be raised (the type says so). */
export function openHealth(clock: Clock): HealthRegistry {
  const raised = new Map<string, HealthFact>();
  const waiting = new Set<() => void>();
  const keyOf = (code: FactCode, subject: string) => `${code}\n${subject}`;
  const changed = () => {
    for (const wake of waiting) wake();
    waiting.clear();
  };
  const facts = () => [...raised.values()];
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
    facts,
    async *changes(signal) {
      let wake: (() => void) | undefined;
      signal.addEventListener('abort', () => wake?.(), { once: true });
      while (!signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          waiting.add(resolve);
        });
        if (!signal.aborted) yield facts();
      }
    },
  };
}
