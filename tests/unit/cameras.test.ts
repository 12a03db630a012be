import { describe, expect, it } from 'vitest';
import type { JsonObject, Sample } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { chosenProfile, pathAt } from '../../drivers/onvif-camera/codec.ts';
import { Looks } from '../../src/devices/looks.ts';
import { memoryLink } from '../support/memory-links.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

async function camera(id: string, options: JsonObject = {}) {
  const library = await openLibrary();
  const driver = await library.load(id);
  const parsed = driver.options.parse(options);
  const far = (await library.simulator(id)).open(parsed, 1);
  const link = memoryLink(far);
  // The link is of the kind that the simulator is of, which is the kind the driver names.
  const session = driver.open(link as never, parsed);
  const listening = new AbortController();
  const call = { signal: listening.signal, priority: 'poll' as const };
  return { far, link, session, call };
}

describe('what a Hikvision camera tells', () => {
  const still = { motion: false, tamper: false, video_loss: false, intrusion: false, alarm_input: false };

  it('stays while it is repeated, and ends five seconds after the last word of it within one stream', async () => {
    const { far, link, session, call } = await camera('hikvision-isapi');
    far.set({ ...still, 'silent-end': true, motion: true });
    const began_up = link.up;
    let last: boolean | undefined;
    let ended_up = 0;

    for await (const word of session.watch?.(call) ?? []) {
      if (!('sample' in word)) continue;
      if (link.up - began_up > 10_000) far.set({ motion: false });
      if (last === true && word.sample.motion === false) ended_up = link.up;
      last = word.sample.motion === true;
      if (ended_up || link.up - began_up > 60_000) break;
    }

    expect(ended_up - began_up).toBeGreaterThan(15_000);
    expect(ended_up - began_up).toBeLessThan(20_000);
  });

  it('of another channel of a recorder is not taken, but for its alarm inputs', async () => {
    const library = await openLibrary();
    const driver = await library.load('hikvision-isapi');
    const told = (type: string, channel: number) =>
      Buffer.from(
        `<EventNotificationAlert><channelID>${channel}</channelID><dateTime>2026-11-25T10:00:00+08:00</dateTime><eventType>${type}</eventType><eventState>active</eventState></EventNotificationAlert>`,
      );
    const link = {
      host: 'nvr',
      async *parts() {
        for (const body of [told('VMD', 2), told('IO', 2), told('VMD', 3)])
          yield { headers: { 'content-type': 'application/xml' }, body };
      },
    };
    const heard: Sample[] = [];

    // Only what this session uses of its link.
    const session = driver.open(link as never, driver.options.parse({ channel: 3 }));
    const call = { signal: new AbortController().signal, priority: 'poll' as const };
    for await (const word of session.watch?.(call) ?? []) if ('sample' in word) heard.push(word.sample);

    expect(heard.map(({ motion, alarm_input }) => [motion, alarm_input])).toEqual([
      [false, false],
      [false, true],
      [true, true],
    ]);
  });
});

describe('the clock of an ONVIF camera', () => {
  it('is told against that of this gateway, where this gateway knows the time, and else not at all', async () => {
    const { far, session, link } = await camera('onvif-camera');
    const clock = new VirtualClock({ up: 0, unix_ms: 1_795_572_000_000 });
    const looks = new Looks('camera', async (call) => (await session.sample?.(call)) ?? {}, {
      clock,
      wall: { read: () => ({ ...clock.read(), unix_ms: 1_795_572_000_000 + link.up }) },
    });
    far.set({ ahead: 90, 'clock-source': 'manual' });
    const known = await looks.take('poll', new AbortController().signal);

    const blind = new Looks('camera', async (call) => (await session.sample?.(call)) ?? {}, { clock });
    const unknown = await blind.take('poll', new AbortController().signal);
    clock.step(0, 'unsynced');
    const unsynced = new Looks('camera', async (call) => (await session.sample?.(call)) ?? {}, {
      clock,
      wall: clock,
    });
    const lost = await unsynced.take('poll', new AbortController().signal);

    expect(known).toEqual({ clock_source: 'manual', clock_drift: expect.closeTo(90, -1) });
    expect(unknown).toEqual({ clock_source: 'manual' });
    expect(lost).toEqual({ clock_source: 'manual' });
  });
});

describe('the address of a picture', () => {
  it.each([
    ['http://192.168.1.64/snap?token=1', '/snap?token=1'],
    ['http://192.168.1.64:8080/snap', '/snap'],
    ['https://admin:secret@192.168.1.64/snap', '/snap'],
    ['HTTP://192.168.1.64', '/'],
    ['http://192.168.1.64?snap', '/?snap'],
    ['http://camera.lan/snap', '/snap'],
  ])('%s is asked of the host of the bus as %s', (uri, path) => {
    expect(pathAt(uri, '192.168.1.64', 'refuse')).toBe(path);
  });

  it('at another address is refused, or asked of the host of the bus all the same where the site says so', () => {
    const uri = 'http://admin:secret@10.0.0.9/snap';

    expect(() => pathAt(uri, '192.168.1.64', 'refuse')).toThrow(/10\.0\.0\.9/);
    expect(() => pathAt(uri, '192.168.1.64', 'refuse')).not.toThrow(/secret/);
    expect(pathAt(uri, '192.168.1.64', 'rewrite')).toBe('/snap');
    expect(pathAt(uri, 'camera.lan', 'refuse')).toBe('/snap');
    expect(() => pathAt('ftp://192.168.1.64/snap', '192.168.1.64', 'rewrite')).toThrow(/none of HTTP/);
  });

  it('is that of the profile of a channel and stream', () => {
    const profiles = [
      { token: 'a', source: 'one' },
      { token: 'b', source: 'two' },
      { token: 'c', source: 'one' },
    ];
    const of = (channel: number, stream: 'main' | 'sub') => chosenProfile(profiles, { channel, stream });

    expect([of(1, 'main'), of(1, 'sub'), of(2, 'main'), of(2, 'sub')]).toEqual(['a', 'c', 'b', 'b']);
    expect(() => of(3, 'main')).toThrow(/2 video sources, and no channel 3/);
  });
});
