import { expect, it } from 'vitest';
import { openLibrary } from '../../drivers/index.ts';

/** Alarm inputs of cameras say nothing of the shortest contact they notice: a second is held. */
const HELD_MS = 1000;

it('the pulse of every board of relays can hold a contact for a second, as the alarm input of a camera wants it', async () => {
  const library = await openLibrary();
  const drivers = await Promise.all(library.ids.map((id) => library.load(id)));
  const boards = drivers.filter(({ category }) => category === 'relay');

  const short = boards.filter(({ commands: { pulse } }) => {
    const takes = [{ ms: HELD_MS }, { channel: 1, ms: HELD_MS }].some(
      (args) => pulse?.args.safeParse(args).success,
    );
    return !takes || (pulse?.max_ms ?? 0) < HELD_MS;
  });

  expect(boards.length).toBeGreaterThan(8);
  expect(short.map(({ id }) => id)).toEqual([]);
});
