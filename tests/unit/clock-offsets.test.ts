import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keepOffsets } from '../../src/clock/index.ts';
import { openHealth } from '../../src/health/index.ts';
import type { EventEntry } from '../../src/model/index.ts';
import { askKernel, kernelWallClock, maxErrorAt } from '../../src/world/adjtimex.ts';
import { tempFolder } from '../support/temp.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const HOUR_MS = 3_600_000;
const TEN_YEARS_MS = 10 * 365.25 * 24 * HOUR_MS;

async function world(clock = new VirtualClock()) {
  const health = openHealth(clock);
  const told: EventEntry[] = [];
  const stop = new AbortController();
  const keeping = keepOffsets(
    { clock, wall: clock, health },
    (record) => void told.push(record),
    stop.signal,
  );
  await clock.advance(0);
  const offsets = () => told.map(({ fields }) => [fields.from_up, fields.offset_ms, fields.synced]);
  return { clock, health, told, stop, keeping, offsets };
}

describe('the offsets of a boot', () => {
  it('begin with what the clock says at first sight, as a class-A record', async () => {
    const { told } = await world();
    expect(told).toEqual([
      {
        ...{ kind: 'clock', lane: 'a', subject: '', name: 'offset', stamp: { boot: 'boot-1', up: 1000 } },
        fields: {
          ...{ boot: 'boot-1', from_up: 1000, offset_ms: 1_799_999_999_000, error_ms: 1 },
          ...{ source: 'virtual', synced: true },
        },
      },
    ]);
  });

  it('are told once more only when they change by more than a second, either way', async () => {
    const { clock, offsets } = await world();
    const [[, first] = []] = offsets();
    for (const step of [900, -1800, 900, HOUR_MS, -HOUR_MS, -TEN_YEARS_MS]) {
      clock.step(step);
      await clock.advance(60_000);
    }
    expect(offsets().map(([, offset]) => Number(offset) - Number(first))).toEqual([
      ...[0, HOUR_MS, 0, -TEN_YEARS_MS],
    ]);
  });

  it('are told by small steps that add up', async () => {
    const { clock, offsets } = await world();
    for (let drift = 0; drift < 5; drift += 1) {
      clock.step(300);
      await clock.advance(60_000);
    }
    expect(offsets()).toHaveLength(2);
  });

  it('are told when the clock becomes known, is lost and is known again, with a health fact meanwhile', async () => {
    const clock = new VirtualClock({ unix_ms: 5000 });
    clock.step(0, 'unsynced');
    const { health, offsets } = await world(clock);
    const evidence = [health.facts()[0]?.evidence];
    for (const [ms, state] of [
      [1_800_000_000_000, 'synced'],
      [0, 'holdover'],
      [50, 'synced'],
    ] as const) {
      clock.step(ms, state);
      await clock.advance(20_000);
      evidence.push(health.facts()[0]?.evidence);
    }
    expect(offsets().map(([, , synced]) => synced)).toEqual([false, true, false, true]);
    expect(evidence).toEqual([
      'the kernel reports an undisciplined clock',
      undefined,
      expect.stringMatching(/nobody keeps it now/),
      undefined,
    ]);
  });

  it('are not mistaken when the process is held up between reading the two clocks', async () => {
    const clock = new VirtualClock();
    let up = 1000;
    const holdUps = [0, 0, 7000, 0, 0];
    const held = {
      now: () => ({ boot: 'b', up }),
      sleep: (...given: Parameters<VirtualClock['sleep']>) => clock.sleep(...given),
    };
    const wall = {
      read: () => {
        up += holdUps.shift() ?? 0;
        return { unix_ms: 1e12 + up, state: 'synced', error_ms: 1, source: 'x' } as const;
      },
    };
    const told: EventEntry[] = [];
    const stop = new AbortController();
    const parts = { clock: held, wall, health: openHealth(clock) };
    const keeping = keepOffsets(parts, (record) => void told.push(record), stop.signal);
    for (let look = 0; look < 6; look += 1) await clock.advance(10_000);
    stop.abort();
    await keeping;
    expect(told).toHaveLength(1);
  });

  it('are no longer watched when the signal aborts', async () => {
    const { clock, stop, keeping, offsets } = await world();
    stop.abort();
    await keeping;
    clock.step(HOUR_MS);
    await clock.advance(60_000);
    expect(offsets()).toHaveLength(1);
    expect(clock.sleepers()).toEqual([]);
  });
});

describe('what the kernel says of its clock', () => {
  it('lies where struct timex has it: as the C compiler of this machine lays it out', () => {
    const folder = tempFolder();
    const source = join(folder, 'timex.c');
    writeFileSync(
      source,
      `#include <sys/timex.h>
#include <stddef.h>
#include <stdio.h>
int main(void) {
  struct timex now = {0};
  int state = adjtimex(&now);
  printf("%zu %zu %zu %d %ld", offsetof(struct timex, maxerror), sizeof(long), sizeof(now), state, (long)now.maxerror);
  return 0;
}
`,
    );
    execFileSync('gcc', ['-o', join(folder, 'timex'), source]);
    const [at, long, size, state, maxerror] = execFileSync(join(folder, 'timex'), { encoding: 'utf8' })
      .split(' ')
      .map(Number);

    const said = askKernel()();

    expect(maxErrorAt(Number(long))).toBe(at);
    expect(size).toBeLessThanOrEqual(256);
    expect(said.state).toBe(state);
    // It grows by 500 us a second while nobody disciplines the clock.
    expect(Math.abs(said.maxerror_us - Number(maxerror))).toBeLessThan(1_000_000);
  });

  it('is laid out alike on every 64-bit machine, and on 32-bit ones in words of four', () => {
    expect([maxErrorAt(8), maxErrorAt(4)]).toEqual([24, 12]);
  });

  it.each([
    ['nobody disciplines it', [5], 'unsynced'],
    ['it may not be asked', [-1], 'unsynced'],
    ['it is disciplined', [0], 'synced'],
    ['a leap second is near', [1], 'synced'],
    ['it was disciplined once', [0, 5], 'holdover'],
    ['it is disciplined again', [0, 5, 0], 'synced'],
  ])('when %s is %j \u2192 %s', (_, states, state) => {
    const said = [...states];
    const clock = kernelWallClock(
      () => 42,
      () => ({ state: said.shift() ?? 0, maxerror_us: 12_500 }),
    );
    const readings = states.map(() => clock.read());
    expect(readings.at(-1)).toEqual({ unix_ms: 42, state, error_ms: 12.5, source: 'adjtimex' });
  });
});
