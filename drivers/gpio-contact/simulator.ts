import { defineSimulator, type JsonObject, type LineFarEnd, seededRandom, settable, type Value } from '#kit';
import type { Options } from './driver.ts';

/** How long it stays as it is, at least and at most. */
const STAYS_MS = [2000, 10_000] as const;
/** Looked at so often at least. */
const LONGEST_MS = 1000;
/** The springs of a contact meet and part so often within so little. */
const BOUNCE_MS = 1;

/**
 * A contact that opens and closes by itself. Settings: `closed` (it stays so), `bounces` (so many before each change; 0 unless set).
 */
export default defineSimulator<Options>({
  driver: 'gpio-contact',
  open({ normally, bounces }, seed): LineFarEnd {
    const random = seededRandom(seed);
    const fixed = settable(['closed', 'bounces']);
    let closed = normally === 'closed';
    let due_up: number | undefined;
    let flips = 0;
    const told: Record<string, Value | null> = { changes: 0, bounces: 0, missed: 0 };
    const tell = () => Object.assign(told, { active: closed !== (normally === 'closed'), closed });
    tell();

    const change = (): void => {
      const count = Number(fixed.get('bounces') ?? 0);
      flips = 2 * count;
      closed = !closed;
      told.changes = Number(told.changes) + 1;
      if (bounces === 'counted') told.bounces = Number(told.bounces) + count;
    };
    const stays = (): number => STAYS_MS[0] + Math.floor(random() * (STAYS_MS[1] - STAYS_MS[0]));

    return {
      kind: 'line',
      said: () => told,
      set: (values: JsonObject) => fixed.set(values),
      show(up) {
        due_up ??= up + stays();
        const wanted = fixed.get('closed');
        if (flips > 0) flips -= 1;
        else if (typeof wanted === 'boolean') {
          if (closed !== wanted) change();
        } else if (up >= due_up) {
          change();
          due_up = up + stays();
        }
        tell();
        // While it bounces it is as before at every second look.
        const shown = closed !== (flips % 2 === 1);
        const rests = typeof wanted === 'boolean' ? LONGEST_MS : due_up - up;
        return { lines: { contact: shown }, next_ms: flips > 0 ? BOUNCE_MS : nextLook(rests) };
      },
      drive: () => {},
    };
  },
});

const nextLook = (ms: number): number => Math.max(1, Math.min(LONGEST_MS, ms));
