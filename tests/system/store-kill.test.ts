import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dice } from '../support/quiet.ts';
import type { History } from '../support/store-history.ts';
import { judge } from '../support/store-judge.ts';
import { LOADS, type Load, machine, run } from '../support/store-rig.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const LONG = Boolean(process.env.GATELODGE_LONG);
const KILLS = LONG ? 4 : 2;
const NAMES = ['full', 'brief', 'roomy'] as const;
const lives = Array.from(
  { length: LONG ? 25 : 3 },
  (_, life) => [life + 1, NAMES[life % 3] ?? 'roomy'] as const,
);

describe(`kill -9 of a process that stores by its worker (${lives.length * KILLS} points)`, () => {
  it.each(lives)(
    'SF-2, SF-3: loses and doubles nothing, and keeps the order (machine %i, %s)',
    async (life, name) => {
      const chance = dice(life + 500);
      const load: Load = {
        ...LOADS[name],
        seed: life + 500,
        worker: true,
        turns: 100_000,
        synchronous: 'FULL',
      };
      const card = machine(tempFolder(), load);
      for (let kill = 0; kill < KILLS; kill += 1) {
        // At a step of the disk, which is inside of a commit, a drop, a write-back or the start; or whenever it has said so much.
        const atStep = chance() < 0.6;
        const early = kill === life % KILLS;
        const step = 1 + Math.floor(chance() * (early ? 40 : 700));
        const bytes = statSync(card.log).size + 2000 + Math.floor(chance() * 60_000);
        const { counters, signal, history, stderr } = await run(
          card,
          (disk) => atStep && disk.cutAt(step, 'kill'),
          ({ pid, log }) => {
            if (atStep) return;
            void until('it has said enough', () => statSync(log).size >= bytes, 60_000).finally(() =>
              process.kill(pid, 'SIGKILL'),
            );
          },
        );
        const found = await judge(card.file, history, load.quota_bytes);
        expect(stderr).toBe('');
        expect(signal).toBe('SIGKILL');
        expect(counters.cut).toBe(atStep ? 1 : 0);
        expect(found.complaints, atStep ? `step ${step}` : `${bytes} bytes of talk`).toEqual([]);
        expect(outOfTurn(history)).toEqual([]);
      }
      const last = await run({ ...card, load: { ...load, turns: 60 } }, () => {});
      expect(last.history.closed).toBe(1);
      expect((await judge(card.file, last.history, load.quota_bytes)).complaints).toEqual([]);
      expect(last.history.delivered.length).toBeGreaterThan(0);
    },
    120_000,
  );
});

/** Within a connection, what is live comes in order of its seqs, and so does what is older; what was given back may come once more. */
function outOfTurn({ delivered }: History): string[] {
  const lines = new Map<string, { last: number; readonly seen: Set<number> }>();
  return delivered.flatMap(({ connect_id, epoch, lane, live, records }) => {
    const name = `${connect_id} ${epoch} ${lane} ${live}`;
    const line = lines.get(name) ?? { last: 0, seen: new Set<number>() };
    lines.set(name, line);
    return records.flatMap(({ seq }) => {
      if (line.seen.has(seq)) return [];
      line.seen.add(seq);
      const before = line.last;
      line.last = seq;
      return seq > before ? [] : [`${seq} came behind ${before} (${name})`];
    });
  });
}
