import type { CheckedDevice } from '../config/index.ts';
import type { PlayAct } from '../contracts/index.ts';
import type { DeviceHost } from '../devices/index.ts';
import type { FactCode, HealthFact, Quality, Value } from '../model/index.ts';
import type { RuleInput } from '../rules/index.ts';

/**
 * A site of which only that is known what a file of events tells. At the beginning all devices answer and have told no value, the time of day
 * is known, no fact and no alarm stands.
 */
export class PlayedSite {
  clock_known = true;
  private readonly buses: ReadonlyMap<string, string>;
  private readonly standing = new Map<string, Pick<HealthFact, 'code' | 'subject'>>();
  private readonly silent = new Set<string>();
  private readonly alarms = new Map<string, readonly string[]>();
  private readonly newest = new Map<string, Extract<RuleInput, { readonly kind: 'reading' }>>();

  constructor(devices: readonly Pick<CheckedDevice, 'config'>[]) {
    this.buses = new Map(devices.map(({ config }) => [config.id, config.bus]));
  }

  facts(): readonly Pick<HealthFact, 'code' | 'subject'>[] {
    return [...this.standing.values()];
  }

  host(id: string): Pick<DeviceHost, 'condition'> {
    return { condition: this.silent.has(id) ? 'silent' : 'well' };
  }

  doorAlarms(id: string): readonly string[] | undefined {
    const alarms = this.alarms.get(id) ?? [];
    return alarms.includes('contact-fault') ? undefined : alarms;
  }

  /** What rules hear of it; what they look up has changed with it. */
  take(act: PlayAct): readonly RuleInput[] {
    switch (act.type) {
      case 'readings':
        return act.readings.flatMap((reading) => this.read(reading, act.quality));
      case 'event':
        return [{ kind: 'event', subject: act.subject, name: act.name, fields: act.fields }];
      case 'door':
        return this.stand(act.door, act.alarms);
      case 'health':
        this.set(act.fact, act.subject, act.stands);
        return [];
      case 'silent':
        return act.devices.flatMap((id) => this.lose(id));
      case 'answers':
        return act.devices.flatMap((id) => this.find(id));
      case 'clock':
        this.clock_known = act.known;
        return [];
      case 'wait':
        return [];
    }
  }

  private read(
    {
      device,
      point,
      value,
    }: { readonly device: string; readonly point: string; readonly value: Value | null },
    quality: Quality,
  ): readonly RuleInput[] {
    const input = { kind: 'reading', device, point, value, quality } as const;
    this.newest.set(`${device}.${point}`, input);
    // Whoever tells a value answers.
    return quality === 'stale' ? [input] : [...this.find(device), input];
  }

  /** A door tells of each alarm that begins or ends. */
  private stand(door: string, alarms: readonly string[]): readonly RuleInput[] {
    const before = this.alarms.get(door) ?? [];
    this.alarms.set(door, alarms);
    const tell = (name: string, of: readonly string[]): RuleInput[] =>
      of.map((alarm) => ({ kind: 'event', subject: door, name, fields: { alarm } }));
    return [
      ...tell(
        'alarm-ended',
        before.filter((alarm) => !alarms.includes(alarm)),
      ),
      ...tell(
        'alarm',
        alarms.filter((alarm) => !before.includes(alarm)),
      ),
    ];
  }

  private set(code: FactCode, subject: string, stands: boolean): void {
    const key = `${code} ${subject}`;
    if (stands) this.standing.set(key, { code, subject });
    else this.standing.delete(key);
  }

  /** What was known of it is only what was known then. */
  private lose(id: string): readonly RuleInput[] {
    if (this.silent.has(id)) return [];
    this.silent.add(id);
    this.set('device-down', id, true);
    const stale = [...this.newest.values()]
      .filter(({ device }) => device === id)
      .map((input): RuleInput => ({ ...input, quality: 'stale' }));
    return [
      {
        ...{ kind: 'event', subject: id, name: 'device-down' },
        fields: { bus: this.buses.get(id) ?? '', fault: 'bus.no-reply', text: '' },
      },
      ...stale,
    ];
  }

  private find(id: string): readonly RuleInput[] {
    if (!this.silent.delete(id)) return [];
    this.set('device-down', id, false);
    return [{ kind: 'event', subject: id, name: 'device-up', fields: { bus: this.buses.get(id) ?? '' } }];
  }
}
