import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, cutFrames, fromHex, type JsonObject } from '#kit';
import { answerRule } from '../../drivers/dfrobot-urm-uart/codec.ts';
import { openLibrary } from '../../drivers/index.ts';
import { decodeDistance, frameRule as hrxlRule } from '../../drivers/maxbotix-hrxl/codec.ts';
import { memoryBytes, memoryModbus } from '../support/memory-links.ts';

const call = { signal: new AbortController().signal, priority: 'poll' as const };

async function modbusUnit(id: string, given: JsonObject = {}) {
  const library = await openLibrary();
  const driver = await library.load(id);
  const options = driver.options.parse(given);
  const far = (await library.simulator(id)).open(options, 1);
  if (far.kind !== 'modbus') throw new Error(`${id} is a Modbus unit`);
  const link = memoryModbus(far);
  // The link is the Modbus one that the driver names.
  return { driver, far, link, session: driver.open(link as never, options) };
}

async function bytesUnit(id: string, given: JsonObject = {}) {
  const library = await openLibrary();
  const driver = await library.load(id);
  const options = driver.options.parse(given);
  const far = (await library.simulator(id)).open(options, 1);
  if (far.kind !== 'bytes') throw new Error(`${id} is on a byte stream`);
  const link = memoryBytes(far);
  // The link is the byte stream that the driver names.
  return { driver, far, link, session: driver.open(link as never, options) };
}

describe('a DYP sensor with a UART output', () => {
  it('obeys Modbus only in the first half second after it got power', async () => {
    const { far, link, session } = await modbusUnit('dyp-modbus-ultrasonic');
    far.set({ uart_model: true });

    const soon = await session.act?.('set-angle-grade', { 'angle-grade': 2 }, call);
    link.up += 500;
    const late = await session.act?.('set-angle-grade', { 'angle-grade': 3 }, call);
    far.set({ power: true });
    const again = await session.act?.('angle-grade', {}, call);

    expect(soon?.result).toBe('done');
    expect(late).toEqual({ result: 'unknown', facts: { fault: 'bus.no-reply' } });
    expect(again?.facts).toEqual({ 'angle-grade': 2 });
  });
});

describe('a distance sensor that sees nothing', () => {
  it.each([['dyp-modbus-ultrasonic']])('%s answers, and has no value', async (id) => {
    const { far, session } = await modbusUnit(id);
    far.set({ distance: null });

    expect(await session.sample?.(call)).toEqual({ distance: null });
  });
});

describe('a DFRobot URM sensor', () => {
  it('is followed to its new address, and stays where it is when it refuses one', async () => {
    const { far, session } = await bytesUnit('dfrobot-urm-uart');

    const moved = await session.act?.('set-address', { address: 0x20 }, call);
    far.set({ stubborn: true });
    const refused = await session.act?.('set-address', { address: 0x30 }, call);
    far.set({ distance: 123 });

    expect(moved?.result).toBe('done');
    expect(refused?.result).toBe('failed');
    expect(await session.sample?.(call)).toEqual({ distance: 123 });
  });

  it('tells nobody which address it has when its answer is lost', async () => {
    const { link, session } = await bytesUnit('dfrobot-urm-uart');
    link.wire = 'mute';

    expect(await session.act?.('set-address', { address: 0x20 }, call)).toEqual({
      result: 'unknown',
      facts: { fault: 'bus.no-reply' },
    });
    link.wire = 'unplugged';
    expect(await session.act?.('set-address', { address: 0x20 }, call)).toEqual({
      result: 'failed',
      facts: { fault: 'bus.down', sent: false },
    });
  });

  it('is heard past the answer of another sensor on the line', () => {
    const stranger = fromHex('55 AA 12 02 02 00 CA DF');
    const own = fromHex('55 AA 11 02 02 00 CA DE');

    const { frames } = cutFrames(concat([0x55], stranger, own), answerRule([0x11], 2));

    expect(frames).toEqual([own]);
  });

  it('counts in millimetres where its option says so', async () => {
    const { driver, far, session } = await bytesUnit('dfrobot-urm-uart', { counts: 'mm', temperature: true });
    far.set({ distance: 4660, temperature: -5 });

    expect(await session.sample?.(call)).toEqual({ distance: 4660, temperature: -5 });
    expect(driver.points({ counts: 'mm' }).distance).toMatchObject({ unit: 'mm', max: 10_000 });
  });
});

describe('a MaxBotix sensor', () => {
  const text = (line: string) => new TextEncoder().encode(line);

  it('is heard past its banner and past noise, in any pieces, and its millimetres are never mended', () => {
    const stream = concat(
      text('HRXL-MaxSonar-WR\rPN:MB7389\rRoHS 1.8b090\r'),
      [0xff],
      text('R1234\rR12\rR5x00\rR0480 \rR123\rRR4999\r'),
    );
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sizes) => {
        const found: number[] = [];
        let unread: Uint8Array = new Uint8Array();
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          unread = concat(unread, stream.subarray(at, at + size));
          at += size;
          const { frames, used } = cutFrames(unread, hrxlRule);
          unread = unread.slice(used);
          found.push(...frames.map(decodeDistance));
        }
        expect(found).toEqual([1234, 480, 1230, 4999]);
      }),
    );
  });
});
