import { z } from 'zod';
import { boot, count, EXAMPLE, gateway, known, up, v } from './words.ts';

const fact = z.looseObject({
  code: z.string().describe('See src/health/FACTS.md.'),
  severity: known('info', 'degraded', 'failed'),
  subject: z.string().describe('Bus, device or uplink; empty for the gateway.'),
  since_up: z.number().describe('Milliseconds since boot when it began.'),
  evidence: z.string(),
  maintenance: z
    .boolean()
    .optional()
    .describe('True: somebody works there, who said so; it is written down, and alarms nobody.'),
});
const depth = z.looseObject({ a: count, b: count, c: count });
export const healthSchema = z
  .looseObject({
    v,
    gateway,
    boot,
    up,
    facts: z.array(fact).describe('What is not as it should be.'),
    waiting: depth.describe('Records per class not yet acknowledged by this platform.'),
    kept: depth.describe('Records per class in the store.'),
    evicted: count.describe('Records that were dropped for room; gap records tell which.'),
    quarantined: count.describe('Records that were refused for good.'),
  })
  .describe('What is not as it should be, now; every 60 s and on change.')
  .meta({
    examples: [
      {
        v: 1,
        gateway: EXAMPLE.gateway,
        boot: EXAMPLE.boot,
        up: 864210.5,
        facts: [
          {
            code: 'device-down',
            severity: 'failed',
            subject: 'noise-1',
            since_up: 800000,
            evidence: 'bus.timeout',
          },
        ],
        waiting: { a: 0, b: 2, c: 140 },
        kept: { a: 12, b: 90, c: 8000 },
        evicted: 0,
        quarantined: 0,
      },
    ],
  });
