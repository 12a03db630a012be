import { type Areas, forgetOld, isAgain, moved, type Whereabouts } from '../access/index.ts';
import type { CheckedDoor } from '../config/index.ts';
import type { DoorEvent, Side } from '../contracts/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';

/** Who has not been seen for so long may be anywhere. */
const FORGET_MS: Millis = 12 * 3_600_000;

interface Granted {
  readonly who: string;
  readonly side: Side;
}

/** Who is in which area, by what doors have told. Soft: it is told, and opens all the same; a restart forgets it. */
export class Passback {
  private readonly doors: ReadonlyMap<string, { readonly areas: Areas; readonly seen: boolean }>;
  private whereabouts: Whereabouts = new Map();
  /** The last that was let through each door. */
  private readonly granted = new Map<string, Granted & { readonly ref: string }>();

  constructor(doors: readonly CheckedDoor[]) {
    this.doors = new Map(
      doors.flatMap(({ config }) => {
        if (config.type === 'lift' || !config.areas) return [];
        const { in: outer, out: inner } = config.contacts;
        return [[config.id, { areas: config.areas, seen: (outer ?? inner) !== undefined }] as const];
      }),
    );
  }

  /** What a door told; gives the fields of `passback` where somebody was let into where he is already. */
  hear(door: string, { name, fields, up }: DoorEvent): JsonObject | undefined {
    const at = this.doors.get(door);
    if (!at) return undefined;
    const { ref, who, side } = fields;
    if (name === 'opened') {
      const last = this.granted.get(door);
      if (last && last.ref === ref) this.went(at.areas, last, up);
      return undefined;
    }
    if (name !== 'granted' || typeof who !== 'string' || typeof ref !== 'string') return undefined;
    if (side !== 'in' && side !== 'out') return undefined;
    const way = { areas: at.areas, side, up, forget_ms: FORGET_MS } as const;
    const again = isAgain(this.whereabouts, who, way);
    this.granted.set(door, { ref, who, side });
    // Where nothing shows whether it was opened, who may pass has passed.
    if (!at.seen) this.went(at.areas, { who, side }, up);
    return again ? { ref, side, who } : undefined;
  }

  private went(areas: Areas, { who, side }: Granted, up: Millis): void {
    this.whereabouts = moved(forgetOld(this.whereabouts, up, FORGET_MS), who, { areas, side, up });
  }
}
