import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock/index.ts';
import type {
  HealthView,
  Log,
  MessagePipe,
  Outbox,
  PipeSettings,
  Receiver,
  ReceiverOptions,
} from '../../src/contracts/index.ts';
import type { Entry, FactCode, HealthFact } from '../../src/model/index.ts';
import { openReceiver, type ReceiverWorld } from '../../src/receive/index.ts';
import {
  type Inventory,
  openMqttPipe,
  openUplink,
  type Uplink,
  type UplinkSettings,
  type UplinkWorld,
} from '../../src/uplink/index.ts';
import { tapped } from './contract-tap.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import { until } from './until.ts';

export const BOOT = '0a6d3c52-1b7e-4b0e-9f0f-6a1d4c1c2b11';

/** Health as a plain map, with what was ever raised. */
export class PlainHealth implements HealthView {
  readonly now = new Map<string, HealthFact>();
  readonly ever: string[] = [];

  raise(code: FactCode, subject: string, evidence: string): void {
    if (!this.now.has(code)) this.ever.push(`${code}: ${evidence}`);
    this.now.set(code, { code, severity: 'degraded', subject, since_up: 0, evidence });
  }
  clear(code: FactCode): void {
    this.now.delete(code);
  }
  facts(): readonly HealthFact[] {
    return [...this.now.values()];
  }
  async *changes(signal: AbortSignal): AsyncIterable<readonly HealthFact[]> {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
}

export const quiet: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => quiet,
};

export const INVENTORY: Inventory = {
  revision: 1,
  devices: [
    {
      id: 'air-1',
      driver: 'pms5003',
      zone: 'gate',
      evidence: 'simulated',
      points: { pm2_5: { kind: 'number', about: 'Fine particles.', unit: 'ug/m3', min: 0, max: 1000 } },
    },
  ],
};

/** Short spans so that a test sees in a second what takes minutes in the field. */
export const HASTE = {
  type: 'native',
  waits_ms: { b: 20, c: 40 },
  beat_ms: 200,
  health_ms: 500,
  ack_timeout_ms: 1500,
  hold_ms: 500,
  backoff: { first_ms: 20, base_ms: 40, cap_ms: 200, stable_ms: 1000, long_ms: 400 },
} as const;

export interface TestUplink {
  readonly uplink: Uplink;
  readonly outbox: MemoryOutbox;
  readonly health: PlainHealth;
}

/** An uplink on a memory outbox and the real clock, closed when the test ends. */
export function testUplink(
  settings: Partial<UplinkSettings> & { readonly url: string },
  parts: Partial<UplinkWorld> & { readonly outbox?: MemoryOutbox } = {},
): TestUplink {
  const health = new PlainHealth();
  const outbox = parts.outbox ?? new MemoryOutbox();
  const uplink = openUplink(
    { ...HASTE, id: 'town', ...settings },
    {
      identity: { gateway: 'gate-1', site: 'riverside' },
      clock: systemClock(BOOT),
      wall: { read: () => ({ unix_ms: 1_794_000_000_000, state: 'synced', error_ms: 1, source: 'test' }) },
      health,
      healthView: health,
      log: quiet,
      random: Math.random,
      randomBytes: (count) => randomBytes(count),
      inventory: () => INVENTORY,
      status: () => ({ versions: { gatelodge: '0.1.0' } }),
      commands: () => {},
      ...parts,
      pipe: tapped(parts.pipe ?? openMqttPipe, settings.prefix),
      outbox,
    },
  );
  onTestFinished(() => uplink.close());
  return { uplink, outbox, health };
}

/** Readings of a few devices, one a second. */
export const readings = (count: number, lane: 'b' | 'c' = 'c', from = 0): Entry[] =>
  Array.from({ length: count }, (_, index) => ({
    kind: 'reading',
    lane,
    device: `air-${1 + (index % 5)}`,
    point: 'pm2_5',
    value: 10 + ((from + index) % 90) / 10,
    quality: 'good',
    stamp: { boot: BOOT, up: 1000 * (from + index) },
  }));

export const doorEvent = (name: string, fields: Record<string, string> = {}): Entry => ({
  kind: 'event',
  lane: 'a',
  subject: 'gate',
  name,
  fields,
  stamp: { boot: BOOT, up: 5000 },
});

/** A receiver that is connected, closed when the test ends. */
export async function testReceiver(
  options: ReceiverOptions,
  world: Partial<ReceiverWorld> = {},
): Promise<Receiver> {
  const pipe = tapped(world.pipe ?? openMqttPipe, options.prefix);
  const receiver = await openReceiver(options, { clock: systemClock(BOOT), ...world, pipe });
  onTestFinished(() => receiver.close());
  await until('the receiver is connected', () => receiver.view().connected);
  return receiver;
}

/** Records of all lanes that this uplink's platform has not acknowledged. */
export async function waiting(outbox: Outbox, uplink = 'town'): Promise<number> {
  const depth = (await outbox.stats()).waiting[uplink];
  return depth ? depth.a + depth.b + depth.c : Number.POSITIVE_INFINITY;
}

/** A connection of anybody, MQTT 5. */
export async function rawPipe(url: string, more: Partial<PipeSettings> = {}): Promise<MessagePipe> {
  const client_id = `somebody-${randomBytes(4).toString('hex')}`;
  const settings = {
    url,
    client_id,
    version: 5,
    keepalive_s: 15,
    connect_timeout_ms: 5000,
    ...more,
  } as const;
  const pipe = await openMqttPipe(settings, new AbortController().signal);
  onTestFinished(() => pipe.drop());
  return pipe;
}

/** Hears what is said on a topic, as text. */
export async function listener(
  url: string,
  topic: string,
  hear: (text: string) => void,
): Promise<MessagePipe> {
  const pipe = await rawPipe(url);
  pipe.onMessage((_, payload) => hear(Buffer.from(payload).toString()));
  await pipe.subscribe([topic]);
  return pipe;
}
