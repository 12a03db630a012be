import { doorSchedule, type Schedule, schedules } from '../access/index.ts';
import { type CheckedRules, type SiteConfig, scheduleOf } from '../config/index.ts';
import type { LevelCondition, Truth, WallReading } from '../contracts/index.ts';
import type { DeviceHost } from '../devices/index.ts';
import type { HealthFact } from '../model/index.ts';
import { type RuleInput, sourceOf } from '../rules/index.ts';

type Looked = Extract<LevelCondition, { readonly type: 'schedule' | 'health' | 'door-alarm' }>;

export interface LooksWorld {
  readonly wall: { read(): Pick<WallReading, 'unix_ms' | 'state'> };
  readonly facts: () => readonly Pick<HealthFact, 'code' | 'subject'>[];
  readonly host: (id: string) => Pick<DeviceHost, 'condition'> | undefined;
  /** undefined: nobody can tell. */
  readonly doorAlarms: (id: string) => readonly string[] | undefined;
}

/** What rules do not hear of but must look up: schedules, health facts, alarms of doors. */
export class RuleLooks {
  private readonly looked: ReadonlyMap<string, Looked>;
  private readonly times: ReadonlyMap<string, Schedule>;
  private readonly schedules: ReturnType<typeof schedules>;
  private readonly world: LooksWorld;

  constructor(site: SiteConfig, rules: CheckedRules, world: LooksWorld) {
    const all = rules.plans.flatMap(({ when, and }) => [when, ...and]);
    this.looked = new Map(all.flatMap((one) => (isLooked(one) ? [[sourceOf(one), one] as const] : [])));
    const times = [...site.schedules, ...rules.schedules].map(scheduleOf);
    this.times = new Map(times.map((schedule) => [schedule.id, schedule]));
    this.schedules = schedules({ zone: site.site.time_zone, calendar: site.calendar });
    this.world = world;
  }

  /** All of it, as it is now. */
  now(): readonly RuleInput[] {
    if (this.looked.size === 0) return [];
    const raised = new Set(this.world.facts().map(({ code, subject }) => `${code} ${subject}`));
    return [...this.looked].map(([source, one]) => ({
      kind: 'says',
      source,
      truth: this.truth(one, raised),
    }));
  }

  private truth(one: Looked, raised: ReadonlySet<string>): Truth {
    switch (one.type) {
      case 'schedule':
        return this.holds(one.schedule);
      case 'health':
        return this.stands(one, raised);
      case 'door-alarm': {
        const alarms = this.world.doorAlarms(one.door);
        return alarms ? truthOf(one.alarms.some((alarm) => alarms.includes(alarm))) : 'unknown';
      }
    }
  }

  private holds(id: string): Truth {
    const schedule = this.times.get(id);
    const { unix_ms, state } = this.world.wall.read();
    if (!schedule) return 'unknown';
    const says = doorSchedule(schedule, this.schedules, { unix_ms, known: state !== 'unsynced' });
    return says === 'unknown' ? 'unknown' : truthOf(says === 'unlock');
  }

  /** A device that has not been heard of yet is neither silent nor well. */
  private stands(
    { fact, subject }: Extract<Looked, { readonly type: 'health' }>,
    raised: ReadonlySet<string>,
  ): Truth {
    if (raised.has(`${fact} ${subject}`)) return 'yes';
    return fact === 'device-down' && this.world.host(subject)?.condition !== 'well' ? 'unknown' : 'no';
  }
}

const isLooked = (one: { readonly type: string }): one is Looked =>
  ['schedule', 'health', 'door-alarm'].includes(one.type);
const truthOf = (is: boolean): Truth => (is ? 'yes' : 'no');
