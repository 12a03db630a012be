// A store full of readings that wait for the uplink `bench`.
import { handClock, open, secondOf } from '../bench.d/store.mjs';

/** 100 readings a second in hand-driven time, so many to a commit: 10 devices with 10 points of the usual kinds. */
export async function fill(file, { total, group, machine = 'bench' }) {
  const clock = handClock();
  const { outbox } = await open(file, clock, undefined, { machine });
  for (let second = 0; second < total / 100; second += group / 100) {
    const readings = Array.from({ length: group / 100 }, (_, step) =>
      secondOf(second + step, 1000 + (second + step) * 1000),
    ).flat();
    const stored = outbox.append(readings);
    clock.pass(1000);
    await stored;
  }
  await outbox.close();
}
