import { describe, expect, it } from 'vitest';
import type { FrameRule } from '../../src/contracts/index.ts';
import { Fault } from '../../src/faults/index.ts';
import { delimitedFrame, idleFrame } from '../../src/kit/index.ts';
import { busWorld, call, outcome, unit } from '../support/bus-world.ts';

const text = (line: string) => new TextEncoder().encode(line);
const words = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);
const LINE = delimitedFrame([10], 100);
const ASK = text('?\n');

async function device(more: Parameters<typeof unit>[1] = {}, type: 'serial' | 'serial-tcp' = 'serial') {
  const world = await busWorld(type);
  return { ...world, link: world.bus.bytes('dut', unit(1, more)) };
}

/** All frames of a watch, as words. */
function listen(world: Awaited<ReturnType<typeof device>>, rule: FrameRule = LINE) {
  const heard: (string | undefined)[] = [];
  const stop = new AbortController();
  const ended = outcome(
    (async () => {
      for await (const frame of world.link.frames(rule, stop.signal)) heard.push(words(frame));
      return 'quietly';
    })(),
  );
  return { heard, stop, ended };
}

describe('an exchange on a byte stream', () => {
  it('gives the frame that comes, and drops what had come before it was asked', async () => {
    const { wire, clock, link, bus } = await device();
    wire.say(text('old\n'));
    await clock.advance(10);
    wire.hear = () => wire.say(text('new\n'), 20);

    const answer = outcome(link.exchange(ASK, LINE, call()));
    await clock.advance(50);

    expect(words(answer.value)).toBe('new\n');
    expect(bus.stats().noise_bytes).toBe(4);
  });

  it('takes turns', async () => {
    const { wire, clock, link } = await device();
    let count = 0;
    wire.hear = () => {
      count += 1;
      wire.say(text(`${count}\n`), 30);
    };

    const answers = [1, 2, 3].map(() => outcome(link.exchange(ASK, LINE, call())));
    await clock.advance(200);

    expect(answers.map(({ value }) => words(value))).toEqual(['1\n', '2\n', '3\n']);
  });

  it('without a reply ends with bus.no-reply; the late reply is dropped and not taken for the next', async () => {
    const { wire, clock, link, bus } = await device();
    wire.hear = () => {
      wire.say(text('late\n'), 250);
      wire.hear = () => wire.say(text('right\n'), 20);
    };

    const first = outcome(link.exchange(ASK, LINE, call()));
    await clock.advance(210);
    const second = outcome(link.exchange(ASK, LINE, call()));
    await clock.advance(300);

    expect(first.fault).toMatchObject({ code: 'bus.no-reply', facts: { sent: true } });
    expect(words(second.value)).toBe('right\n');
    expect(bus.stats()).toMatchObject({ timeouts: 1, late_frames: 1 });
  });

  it('asks again after another timeout when no late reply comes', async () => {
    const { wire, clock, link } = await device();
    const first = outcome(link.exchange(ASK, LINE, call()));
    await clock.advance(210);
    wire.hear = () => wire.say(text('right\n'), 20);

    const second = outcome(link.exchange(ASK, LINE, call()));
    await clock.advance(250);

    expect(first.fault?.code).toBe('bus.no-reply');
    expect(words(second.value)).toBe('right\n');
  });

  it('whose caller goes away is seen through: its reply is not given to the next', async () => {
    const { wire, clock, link } = await device();
    const leaving = new AbortController();
    wire.hear = () => {
      wire.say(text('for nobody\n'), 100);
      wire.hear = () => wire.say(text('right\n'), 20);
    };
    const gone = outcome(link.exchange(ASK, LINE, call('poll', leaving.signal)));
    await clock.advance(10);

    leaving.abort('enough');
    await clock.advance(0);
    const told = gone.other;
    const next = outcome(link.exchange(ASK, LINE, call()));
    await clock.advance(300);

    expect(told).toBe('enough');
    expect(words(next.value)).toBe('right\n');
  });

  it('whose caller goes away while a late reply is feared is not sent, and the next one is in its place', async () => {
    const { wire, clock, link } = await device();
    outcome(link.exchange(ASK, LINE, call()));
    await clock.advance(210);
    const leaving = new AbortController();
    const gone = outcome(link.exchange(text('never\n'), LINE, call('poll', leaving.signal)));
    const next = outcome(link.exchange(text('next\n'), LINE, call()));
    await clock.advance(10);

    leaving.abort('enough');
    await clock.advance(0);
    const told = gone.other;
    wire.hear = () => wire.say(text('right\n'), 20);
    await clock.advance(500);

    expect(told).toBe('enough');
    expect(wire.written.map(({ bytes }) => words(bytes))).toEqual(['?\n', 'next\n']);
    expect(words(next.value)).toBe('right\n');
  });

  it.each([
    { when: 'while polls wait', wait_ms: 10 },
    { when: 'while a late reply is feared', wait_ms: 210 },
  ])('that is a command goes before all that waits $when', async ({ wait_ms }) => {
    const { wire, clock, link } = await device({ gap_ms: 30 });
    for (const line of ['?\n', 'poll 1\n', 'poll 2\n']) outcome(link.exchange(text(line), LINE, call()));
    await clock.advance(wait_ms);

    outcome(link.exchange(text('field\n'), LINE, call('field')));
    const sent = outcome(link.send(text('door\n'), call('command')));
    await clock.advance(240);

    expect(sent.done).toBe(true);
    expect(wire.written.slice(0, 2).map(({ bytes }) => words(bytes))).toEqual(['?\n', 'door\n']);
    await clock.advance(300);
    expect(words(wire.written[2]?.bytes)).toBe('field\n');
  });

  it('that waits is told when the port goes, and nothing of it is sent later', async () => {
    const { wire, clock, link } = await device();
    const first = outcome(link.exchange(ASK, LINE, call()));
    const waiting = outcome(link.exchange(text('never\n'), LINE, call()));
    await clock.advance(10);

    wire.pull();
    await clock.advance(5000);

    expect(first.fault).toMatchObject({ code: 'bus.down', facts: { sent: true } });
    expect(waiting.fault).toMatchObject({ code: 'bus.down', facts: { sent: false } });
    expect(wire.written).toHaveLength(1);
  });

  it('whose caller goes away before its turn is not begun', async () => {
    const { wire, clock, link } = await device();
    const leaving = new AbortController();
    outcome(link.exchange(ASK, LINE, call()));
    const gone = outcome(link.exchange(text('never\n'), LINE, call('poll', leaving.signal)));
    await clock.advance(10);

    leaving.abort('enough');
    await clock.advance(1000);

    expect(gone.other).toBe('enough');
    expect(wire.written.map(({ bytes }) => words(bytes))).toEqual(['?\n']);
  });

  it('waits for the rest of a reply that comes slowly, but not for ever', async () => {
    const { wire, clock, link } = await device();
    wire.hear = () => wire.spell(text('0123456789\n'), 30, 100);
    const slow = outcome(link.exchange(ASK, LINE, call()));
    await clock.advance(600);
    wire.hear = () => wire.spell(new Uint8Array(1000).fill(46), 30);

    const endless = outcome(link.exchange(ASK, LINE, call()));
    await clock.advance(600);

    expect(words(slow.value)).toBe('0123456789\n');
    expect(endless.fault?.code).toBe('bus.no-reply');
  });

  it('with a rule that fails is a fault of that rule, and the line goes on', async () => {
    const { wire, clock, link } = await device();
    wire.hear = () => wire.say(text('x\n'), 10);

    const thrown = outcome(
      link.exchange(
        ASK,
        () => {
          throw new Fault('driver.frame-unknown', {});
        },
        call(),
      ),
    );
    const stuck = outcome(link.exchange(ASK, () => ({ take: 0 }), call()));
    const good = outcome(link.exchange(ASK, LINE, call()));
    await clock.advance(500);

    expect(thrown.fault?.code).toBe('driver.frame-unknown');
    expect(stuck.fault?.code).toBe('internal');
    expect(words(good.value)).toBe('x\n');
  });

  it('on a lost port says whether it was sent', async () => {
    const { wire, clock, link } = await device();
    const sent = outcome(link.exchange(ASK, LINE, call()));
    const waiting = outcome(link.exchange(ASK, LINE, call()));
    await clock.advance(10);

    wire.refusal = new Fault('bus.port-missing', { path: '/wire' });
    wire.pull();
    await clock.advance(10);

    expect(sent.fault).toMatchObject({ code: 'bus.down', facts: { sent: true } });
    expect(waiting.fault).toMatchObject({ code: 'bus.down', facts: { sent: false } });
  });

  it('over a serial server: four silences in a row, and the connection is made anew', async () => {
    const { wire, clock, link } = await device({}, 'serial-tcp');
    for (let count = 0; count < 4; count += 1) outcome(link.exchange(ASK, LINE, call()));

    await clock.advance(4 * 400 + 600);

    expect(wire.openings).toBe(2);
    expect(wire.closings).toEqual([true]);
  });
});

describe('what is sent and not answered', () => {
  it('is done when the port has taken it', async () => {
    const { wire, clock, link } = await device();
    const sent = outcome(link.send(text('on\n'), call('command')));
    await clock.advance(0);
    expect(sent).toMatchObject({ done: true });
    expect(wire.written).toHaveLength(1);
  });

  it('is dropped with a port that does not take it, and the line is free again', async () => {
    const { wire, clock, link } = await device();
    wire.stuck = true;
    const sent = outcome(link.send(text('on\n'), call('command')));
    await clock.advance(250);
    wire.stuck = false;
    await clock.advance(5000);

    const next = outcome(link.send(text('off\n'), call('command')));
    await clock.advance(10);

    expect(sent.fault).toMatchObject({ code: 'bus.down', facts: { sent: true } });
    expect(wire.closings).toEqual([true]);
    expect(next).toMatchObject({ done: true });
    expect(next.fault).toBeUndefined();
    expect(wire.written.map(({ bytes }) => words(bytes))).toEqual(['off\n']);
  });
});

describe('listening to a byte stream', () => {
  it('gives every frame in order, however the bytes come', async () => {
    const world = await device();
    const { heard } = listen(world);
    await world.clock.advance(0);

    world.wire.spell(text('one\ntwo\nthree\n'), 1);
    await world.clock.advance(20);
    world.wire.say(text('four\nfi'));
    world.wire.say(text('ve\n'), 5);
    await world.clock.advance(20);

    expect(heard).toEqual(['one\n', 'two\n', 'three\n', 'four\n', 'five\n']);
  });

  it('cuts by silence where the rule says so', async () => {
    const world = await device();
    const { heard } = listen(world, idleFrame(50, 100));
    await world.clock.advance(0);

    world.wire.spell(text('abc'), 10);
    world.wire.say(text('def'), 200);
    await world.clock.advance(400);

    expect(heard).toEqual(['abc', 'def']);
  });

  it('ends quietly when it is not wanted any more, and with bus.down when the port goes', async () => {
    const world = await device();
    const first = listen(world);
    await world.clock.advance(0);
    first.stop.abort();
    await world.clock.advance(0);
    const second = listen(world);
    await world.clock.advance(0);

    world.wire.pull();
    await world.clock.advance(0);

    expect(first.ended.value).toBe('quietly');
    expect(second.ended.fault?.code).toBe('bus.down');
  });

  it('keeps the newest frames of a listener who is busy, and counts the others', async () => {
    const world = await device();
    const iterator = world.link.frames(LINE, new AbortController().signal)[Symbol.asyncIterator]();
    const first = outcome(iterator.next());
    await world.clock.advance(0);

    for (let count = 0; count < 1000; count += 1) world.wire.say(text(`${count}\n`), 1 + count);
    await world.clock.advance(2000);
    const next = await iterator.next();

    expect(words(first.value?.value ?? undefined)).toBe('0\n');
    expect(words(next.value ?? undefined)).toBe('744\n');
    expect(world.bus.stats().late_frames).toBe(1000 - 1 - 256);
  });

  it('keeps no more than a few kilobytes of a flood without a frame', async () => {
    const world = await device();
    const { heard } = listen(world, delimitedFrame([10], 1_000_000));
    await world.clock.advance(0);

    for (let part = 0; part < 100; part += 1) world.wire.say(new Uint8Array(1000).fill(46), part);
    world.wire.say(text('\nright\n'), 200);
    await world.clock.advance(300);

    expect(heard.at(-1)).toBe('right\n');
    expect(world.bus.stats().noise_bytes).toBeGreaterThan(90_000);
  });
});

describe('a byte stream', () => {
  it('has no Modbus units', async () => {
    const { bus } = await device();
    const modbus = await busWorld('modbus-tcp');

    expect(() => bus.modbus('dut', unit(1))).toThrow(/needs a modbus bus/);
    expect(() => modbus.bus.bytes('dut', unit(1))).toThrow(/needs a bytes bus/);
  });

  it('sends without waiting for a reply, and not before its turn', async () => {
    const { wire, clock, link } = await device();
    outcome(link.exchange(ASK, LINE, call()));
    const sent = outcome(link.send(text('mode 1\n'), call()));
    await clock.advance(100);
    const early = wire.written.length;

    await clock.advance(200);

    expect(early).toBe(1);
    expect(sent.done).toBe(true);
    expect(words(wire.written.at(-1)?.bytes)).toBe('mode 1\n');
  });
});
