import { describe, expect, it } from 'vitest';
import { cutFrames, type JsonObject } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { answerTo, encodeEcho, encodeShow } from '../../drivers/sunpn-parking-count-sign/codec.ts';
import { memoryLink } from '../support/memory-links.ts';

const call = { signal: new AbortController().signal, priority: 'command' as const };

async function sign(id: string, given: JsonObject = {}) {
  const library = await openLibrary();
  const driver = await library.load(id);
  const options = driver.options.parse(given);
  const far = (await library.simulator(id)).open(options, 1);
  const link = memoryLink(far);
  // The link is of the kind that the driver's own simulator is of, which is the kind it names.
  const session = driver.open(link as never, options);
  const show = (args: JsonObject) => session.act?.('show', args, call);
  return { far, link, session, show };
}

describe('a Sunpn sign', () => {
  it('is believed when it tells back what it shows', async () => {
    const { far, show } = await sign('sunpn-parking-count-sign');

    expect(await show({ count: 217, colour: 'yellow' })).toEqual({
      result: 'done',
      facts: { evidence: 'echoed', count: 217, colour: 'yellow' },
    });
    expect(far.said()).toEqual({ count: 217, colour: 'yellow' });
  });

  it('is believed less when it only acknowledges', async () => {
    const { far, show } = await sign('sunpn-parking-count-sign');
    far.set({ answers: 'short' });

    expect(await show({ count: 3 })).toEqual({
      result: 'done',
      facts: { evidence: 'acknowledged', info: 1 },
    });
  });

  it('is not believed when it tells back something else', async () => {
    const { far, show } = await sign('sunpn-parking-count-sign');
    far.set({ answers: 'stuck' });

    expect(await show({ count: 12, colour: 'red' })).toMatchObject({ result: 'failed', facts: { count: 0 } });
    expect(far.said()).toMatchObject({ count: 0 });
  });

  it('is not taken to have answered when the adapter gives our own bytes back', async () => {
    const { far, show } = await sign('sunpn-parking-count-sign');

    far.set({ answers: 'none', hears_itself: true });
    expect(await show({ count: 12 })).toEqual({ result: 'unknown', facts: { fault: 'bus.no-reply' } });
    far.set({ answers: 'short' });
    expect(await show({ count: 12 })).toMatchObject({ result: 'done' });
  });

  it('answers after its own echo in any pieces, even when the request begins like a short answer', () => {
    // 3A 01 3B 0A is how a short answer to info 1 looks, and how this request begins.
    const wish = { count: 0x0a3b, colour: 'yellow', info: 9 } as const;
    const request = encodeShow(wish);
    const stream = [...request, ...encodeEcho(wish)];

    for (let at = 1; at < stream.length; at += 1) {
      const first = cutFrames(Uint8Array.from(stream.slice(0, at)), answerTo(request));
      const rest = Uint8Array.from([...stream.slice(first.used, at), ...stream.slice(at)]);
      const { frames } = cutFrames(rest, answerTo(request));
      expect([...first.frames, ...frames], `cut at ${at}`).toEqual([encodeEcho(wish)]);
    }
  });

  it('is never sent more digits than it has', async () => {
    const { link, show } = await sign('sunpn-parking-count-sign');

    await expect(show({ count: 1000 })).rejects.toHaveProperty('code', 'command.bad-args');
    expect(link.sent).toEqual([]);
  });

  it('keeps its number at rest, or says full where that was chosen', async () => {
    const holding = await sign('sunpn-parking-count-sign');
    const full = await sign('sunpn-parking-count-sign', { rest: 'full' });

    for (const { show, session } of [holding, full]) {
      await show({ count: 7 });
      await session.rest?.(call);
    }

    expect(holding.far.said()).toEqual({ count: 7, colour: 'green' });
    expect(full.far.said()).toEqual({ count: 0, colour: 'red' });
  });
});

describe('an Armfly panel', () => {
  it('shows numbers, negative ones too, and texts; its point stays until power is lost', async () => {
    const { far, session, show } = await sign('armfly-led-485');

    await show({ count: -42 });
    expect(far.said()).toEqual({ shown: '-42' });
    await session.act?.('decimal-point', { digits: 1 }, call);
    await show({ count: 125 });
    expect(far.said()).toEqual({ shown: '12.5' });
    await session.act?.('text', { text: 'off' }, call);
    expect(far.said()).toEqual({ shown: 'OFF' });
  });

  it('says a word in place of 0 where one was chosen', async () => {
    const { far, show } = await sign('armfly-led-485', { full: 'FULL' });

    await show({ count: 0, colour: 'red' });

    expect(far.said()).toEqual({ shown: 'FULL' });
  });

  it.each([
    ['more digits than it has', 'show', { count: 12_345 }],
    ['a sign that takes one digit too much', 'show', { count: -9999 }],
    ['a text that is too long', 'text', { text: 'CLOSED' }],
    ['a character it cannot show', 'text', { text: 'a+b' }],
  ])('refuses %s, and nothing is sent', async (_, name, args) => {
    const { link, session } = await sign('armfly-led-485');

    await expect(session.act?.(name, args, call)).rejects.toHaveProperty('code', 'command.bad-args');
    expect(link.sent).toEqual([]);
  });

  it('shows dashes at rest where that was chosen', async () => {
    const { far, session, show } = await sign('armfly-led-485', { rest: 'dashes', digits: 3 });

    await show({ count: 7 });
    await session.rest?.(call);

    expect(far.said()).toEqual({ shown: '---' });
  });
});
