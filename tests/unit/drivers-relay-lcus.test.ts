import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutFrames, Fault, type JsonObject, toHex } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { readBytes, readLines, statusRule } from '../../drivers/lcus-usb-relay/codec.ts';
import { memoryBytes } from '../support/memory-links.ts';

const call = { signal: new AbortController().signal, priority: 'command' as const };
const ascii = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

async function board(given: object = {}, quirks: JsonObject = {}) {
  const library = await openLibrary();
  const driver = await library.load('lcus-usb-relay');
  const options = driver.options.parse(given);
  const far = (await library.simulator('lcus-usb-relay')).open(options, 1);
  if (far.kind !== 'bytes') throw new Error('the board speaks bytes');
  far.set(quirks);
  const link = memoryBytes(far);
  // The link is the one that the driver names.
  const session = driver.open(link as never, options);
  const commands = () => link.sent.filter((frame) => frame.length === 4).map(toHex);
  const act = async (name: string, channel: number) => session.act?.(name, { channel }, call);
  return { far, link, session, commands, act };
}

describe('the first contact', () => {
  it('brings every relay to its own safe state, and touches none that holds', async () => {
    const { session, commands, far } = await board(
      { rest: ['off', 'on', 'hold', 'off'] },
      { 'relay-3': true },
    );

    expect(await session.sample?.(call)).toEqual({
      'relay-1': false,
      'relay-2': true,
      'relay-3': true,
      'relay-4': false,
    });
    expect(commands()).toEqual(['A0 01 00 A1', 'A0 02 01 A3', 'A0 04 00 A4']);
    expect(far.said()).toMatchObject({ 'relay-3': true });
  });

  it('happens once, and again after the board was away', async () => {
    const { session, commands, link } = await board({ rest: 'on' });
    await session.sample?.(call);
    await session.sample?.(call);
    expect(commands()).toHaveLength(4);

    link.wire = 'unplugged';
    await expect(session.sample?.(call)).rejects.toMatchObject({ code: 'bus.down' });
    link.wire = 'whole';
    await session.sample?.(call);
    expect(commands()).toHaveLength(8);
  });

  it('comes before the first command too, and stops it when it fails', async () => {
    const fresh = await board({ channels: 2, rest: 'on' });
    expect(await fresh.act('off', 1)).toMatchObject({ result: 'done' });
    expect(fresh.commands()).toEqual(['A0 01 01 A2', 'A0 02 01 A3', 'A0 01 00 A1']);

    const deaf = await board({ channels: 2, rest: 'on' }, { deaf: true });
    expect(await deaf.act('off', 1)).toMatchObject({
      result: 'failed',
      facts: { fault: 'driver.value', sent: false },
    });
    expect(deaf.commands()).not.toContain('A0 01 00 A1');
  });
});

describe('a command that nobody acknowledges', () => {
  it('is done when the second look shows it: the first tells the time before', async () => {
    const { act, session } = await board();
    expect(await act('on', 2)).toEqual({ result: 'done', facts: { evidence: 'read-back' } });
    expect(await session.sample?.(call)).toMatchObject({ 'relay-1': false, 'relay-2': true });
  });

  it('has failed when the relay does not follow, and is sent once', async () => {
    const { act, commands, session, far } = await board();
    await session.sample?.(call);
    far.set({ deaf: true });
    const before = commands().length;

    expect(await act('on', 1)).toEqual({
      result: 'failed',
      facts: { fault: 'driver.value', evidence: 'read-back' },
    });
    expect(commands().slice(before)).toEqual(['A0 01 01 A2']);
  });

  it('is unknown when the look fails, and has failed when it never left', async () => {
    const { act, session, link } = await board();
    await session.sample?.(call);
    link.wire = 'mute';
    expect(await act('on', 1)).toEqual({ result: 'unknown', facts: { fault: 'bus.no-reply' } });
    link.wire = 'unplugged';
    expect(await act('on', 1)).toEqual({ result: 'failed', facts: { fault: 'bus.down', sent: false } });
  });

  it('is always unknown on a board that does not answer, and that board has no points', async () => {
    const { act, session, commands } = await board({ channels: 1, query: 'none' });
    expect(session.sample).toBeUndefined();
    expect(await act('on', 1)).toEqual({ result: 'unknown', facts: { evidence: 'sent' } });
    expect(commands()).toEqual(['A0 01 00 A1', 'A0 01 01 A2']);
  });

  it('gets lost when it comes too soon after another', async () => {
    const { far } = await board({ channels: 1 }, { stale: false });
    if (far.kind !== 'bytes') return;
    far.receive(Uint8Array.of(0xa0, 1, 1, 0xa2), 100);
    far.receive(Uint8Array.of(0xa0, 1, 0, 0xa1), 109);
    expect(far.receive(Uint8Array.of(0xff), 200)).toEqual(ascii('CH1: ON \r\n'));
  });
});

describe('an answer of a byte for each relay', () => {
  it('is read as such, and a byte that is no state is a fault', async () => {
    const { act, session } = await board({ query: 'bytes' });
    await act('on', 3);
    expect(await session.sample?.(call)).toEqual({
      'relay-1': false,
      'relay-2': false,
      'relay-3': true,
      'relay-4': false,
    });
    expect(readBytes(Uint8Array.of(1, 0))).toEqual([true, false]);
    for (const bytes of [[], [2], [0, 0, 0, 0, 0, 0, 0, 0, 0]])
      expect(() => readBytes(Uint8Array.from(bytes))).toThrow(Fault);
  });
});

describe('an answer in text', () => {
  it('is found whole behind any noise and in any pieces, and never half of it', () => {
    const noise = fc.uint8Array({ maxLength: 30 });
    const states = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(noise, states, fc.nat(), (before, lines, cut) => {
        const text = ascii(
          lines
            .map(([on, padded], index) => `CH${index + 1}: ${on ? (padded ? 'ON ' : 'ON') : 'OFF'}\r\n`)
            .join(''),
        );
        const rule = statusRule('text', lines.length);
        const stream = Uint8Array.from([...before, ...text]);
        const short = stream.subarray(0, before.length + (cut % text.length));

        expect(cutFrames(short, rule).frames).toEqual([]);
        expect(cutFrames(stream, rule).frames.map(readLines)).toEqual([lines.map(([on]) => on)]);
      }),
    );
  });

  it('with a line out of order, or a relay that is neither on nor off, is a fault', () => {
    for (const text of [
      'CH2: ON \r\n',
      'CH1: ON \r\nCH3: OFF\r\n',
      'CH1: MAYBE\r\n',
      'CH1: ON \r\nCH2: O',
      '',
    ])
      expect(() => readLines(ascii(text)), text).toThrow(Fault);
    expect(readLines(ascii('CH1: ON \r\nCH2: OFF\r\n'))).toEqual([true, false]);
  });
});
