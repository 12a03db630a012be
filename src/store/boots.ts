import { type ClockStep, type EventEntry, type Millis, type WallTime, wallTime } from '../model/index.ts';
import { writer } from './checked.ts';
import type { Sqlite } from './database.ts';

/** The machine's boots, each with its offset table, from which wall time is worked out when a part is leased. */
export class Boots {
  private byName = new Map<string, Boot>();
  private byIndex = new Map<number, Boot>();
  private readonly sql;

  constructor(db: Sqlite) {
    this.sql = { put: writer(db, 'boots') };
    const rows = db.prepare('SELECT * FROM boots ORDER BY idx').all();
    // The shape of the rows is the table's.
    for (const { idx, boot, steps } of rows as { idx: number; boot: string; steps: string }[]) {
      this.keep({ idx, boot, steps: JSON.parse(steps) });
    }
  }

  /** The boot's number; a new one is written at once, inside the caller's transaction. */
  indexOf(boot: string): number {
    return (
      this.byName.get(boot) ?? this.put({ idx: Math.max(0, ...this.byIndex.keys()) + 1, boot, steps: [] })
    ).idx;
  }

  known(boot: string): boolean {
    return this.byName.has(boot);
  }

  wall(boot: number | string, up: Millis): WallTime | undefined {
    const found = typeof boot === 'string' ? this.byName.get(boot) : this.byIndex.get(boot);
    return wallTime(up, found?.steps ?? []);
  }

  name(index: number): string {
    return this.byIndex.get(index)?.boot ?? '';
  }

  addStep(boot: string, step: ClockStep): void {
    const idx = this.indexOf(boot);
    const steps = this.byName.get(boot)?.steps ?? [];
    const others = steps.filter(({ from_up }) => from_up !== step.from_up);
    this.put({ idx, boot, steps: [...others, step].sort((x, y) => x.from_up - y.from_up) });
  }

  /** A `clock` record tells a step of its boot's offset table. */
  learn({ fields, stamp }: EventEntry): void {
    const { boot, from_up, offset_ms, error_ms, source, synced } = fields;
    if (typeof from_up !== 'number' || typeof offset_ms !== 'number') return;
    this.addStep(typeof boot === 'string' ? boot : stamp.boot, {
      from_up,
      offset_ms,
      error_ms: typeof error_ms === 'number' ? error_ms : 0,
      source: typeof source === 'string' ? source : '',
      synced: synced === true,
    });
  }

  snapshot(): () => void {
    const { byName, byIndex } = this;
    this.byName = new Map(byName);
    this.byIndex = new Map(byIndex);
    return () => Object.assign(this, { byName, byIndex });
  }

  private put(boot: Boot): Boot {
    this.sql.put(boot.idx, boot.boot, JSON.stringify(boot.steps));
    return this.keep(boot);
  }

  private keep(boot: Boot): Boot {
    this.byName.set(boot.boot, boot);
    this.byIndex.set(boot.idx, boot);
    return boot;
  }
}

interface Boot {
  readonly idx: number;
  readonly boot: string;
  readonly steps: readonly ClockStep[];
}
