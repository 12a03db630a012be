import { expect, it } from 'vitest';
import type { Outbox } from '../../src/contracts/index.ts';
import { GatewayIntake } from '../../src/gateway/intake.ts';
import type { EventEntry } from '../../src/model/index.ts';
import { openPipeline } from '../../src/pipeline/index.ts';
import { quietLog } from '../support/quiet.ts';

const event = (name: string): EventEntry => ({
  ...{ kind: 'event', lane: 'b', subject: 'gate', name, fields: { pin: '4711' } },
  stamp: { boot: 'boot-1', up: 1000 },
});

it('a secret that passes reaches whoever acts on events, and is neither stored nor shown', async () => {
  const heard: EventEntry[] = [];
  const shown: object[] = [];
  const stored: unknown[] = [];
  // The rest of an outbox is not asked for.
  const outbox = {
    append: async (entries: readonly unknown[]) => {
      stored.push(...entries);
      return [];
    },
  } as unknown as Outbox;
  const intake = new GatewayIntake(
    openPipeline(() => undefined),
    outbox,
    {
      derived: { drain: () => [], changed: () => [] },
      log: quietLog,
      onDurable: undefined,
      hear: (one) => void heard.push(one),
    },
  );
  intake.watch((line) => shown.push(line));

  intake.pass(event('pin'));
  await intake.event(event('card'));

  expect(heard.map(({ name }) => name)).toEqual(['pin', 'card']);
  expect(shown).toHaveLength(1);
  expect(stored).toHaveLength(1);
});
