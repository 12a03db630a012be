import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/model/index.ts';
import { wiredDevice } from '../support/wired-device.ts';

type Reader = Awaited<ReturnType<typeof wiredDevice>>;

const heard = ({ events, driver }: Reader): JsonObject[] =>
  events.filter(({ name }) => Object.hasOwn(driver.events, name)).map(({ fields }) => fields);

/** A command's outcome, once so much virtual time has passed. */
async function act(reader: Reader, name: string, args: JsonObject = {}) {
  const outcome = reader.device.act(name, args);
  let ended = false;
  void outcome.finally(() => {
    ended = true;
  });
  await reader.pass(30_000, () => ended);
  return outcome;
}

describe('a GM65 scanner that is listened to', () => {
  it('answers commands meanwhile, and its answer in front of a code is no part of the code', async () => {
    const scanner = await wiredDevice('gm65-qr-scanner');
    scanner.site.set('dut', { code: null });
    await scanner.pass(5000);
    const before = heard(scanner).length;

    expect(await act(scanner, 'baud')).toEqual({ result: 'done', facts: { baud: 9600 } });
    scanner.site.set('dut', { code: 'GL-42' });
    expect(await act(scanner, 'scan')).toEqual({ result: 'done', facts: {} });
    await scanner.pass(1000);

    expect(heard(scanner).slice(before)).toContainEqual({ code: 'GL-42' });
    for (const fields of heard(scanner).slice(before)) expect(fields).toEqual({ code: 'GL-42' });
  });

  it('leaves a command unproved when it does not answer, and goes on being heard', async () => {
    const scanner = await wiredDevice('gm65-qr-scanner');
    await scanner.pass(5000);
    scanner.site.faults.set('dut', 'mute');

    expect((await act(scanner, 'scan')).result).not.toBe('done');

    scanner.site.faults.clear('dut');
    const before = heard(scanner).length;
    expect(await scanner.pass(20_000, () => heard(scanner).length > before + 2)).toBe(true);
  });

  it('ends a code by silence where it has no other end', async () => {
    const scanner = await wiredDevice('gm65-qr-scanner', { options: { ends: 'idle' } });
    scanner.site.set('dut', { code: 'NO-TAIL' });

    expect(await scanner.pass(10_000, () => heard(scanner).length > 0)).toBe(true);

    expect(heard(scanner)).toEqual([{ code: 'NO-TAIL' }]);
  });
});

describe('a tag in front of an RDM6300', () => {
  it('is said about every 65 ms for as long as it is there, and no longer', async () => {
    const reader = await wiredDevice('rdm6300');
    reader.site.set('dut', { card: '62E3086CED' });
    await reader.pass(5000, () => heard(reader).some(({ card }) => card === '62E3086CED'));
    const began = heard(reader).length;

    await reader.pass(1300);
    const repeats = heard(reader).length - began;
    reader.site.set('dut', { card: null });
    await reader.pass(500);
    const left = heard(reader).length;
    await reader.pass(10_000);

    expect(repeats).toBeGreaterThanOrEqual(15);
    expect(heard(reader).at(-1)).toEqual({ card: '62E3086CED', number: 3_808_980_205 });
    expect(heard(reader)).toHaveLength(left);
  });
});

describe('a line scanner', () => {
  it('reports a card without what stands around it, and nothing of a line that is not whole or is too long', async () => {
    const reader = await wiredDevice('line-scanner', {
      options: { reads: 'card', prefix: 'NO:', suffix: '#', longest: 20 },
    });
    const say = async (values: JsonObject) => {
      reader.site.set('dut', values);
      await reader.pass(3000);
    };
    await say({ line: null });
    const before = heard(reader).length;

    await say({ line: '3808980205' });
    await say({ raw: '3808980206#\r\n' });
    await say({ raw: `NO:${'9'.repeat(40)}NO:1#\r\n` });
    await say({ line: '17' });

    expect(heard(reader).slice(before)).toEqual([{ card: '3808980205' }, { card: '17' }]);
  });
});
