import { defineSimulator, type ModbusWrite, type Outputs, relayFarEnd } from '#kit';
import type { Options } from './driver.ts';

/** Registers 0x0000..0x00FF can all be read; what is not used reads as 0. */
const REGISTERS = 0x100;
const SETTINGS = { 252: 0, 253: 1, 254: 0, 255: 0 };

/**
 * The board's own side, as it was measured on a RYN408F: a running timer is ended only by another one, `off` and `on` do not touch it.
 * Settings: `relay-n`, `register-n` (253 is its address).
 */
export default defineSimulator<Options>({
  driver: 'eletechsup-ryn4',
  open: ({ channels }) =>
    relayFarEnd({
      relays: { table: 'coil', at: 0, count: channels },
      registers: {
        ...Object.fromEntries(Array.from({ length: REGISTERS }, (_, at) => [at, 0])),
        ...SETTINGS,
      },
      onWrite: (write, outputs, up) => onWrite(write, outputs, up),
      answer: ({ bank, normally }) => {
        for (let relay = 0; relay < channels; relay += 1) bank.set('holding', relay, bank.get('coil', relay));
        return normally();
      },
    }),
});

function onWrite({ fn, at, values }: ModbusWrite, outputs: Outputs, up: number): number | true {
  if (fn === 6 || fn === 16) {
    if (at + values.length > outputs.count) return 2;
    const verdicts = values.map((value, index) => obey(outputs, { relay: at + index + 1, value }, up));
    return verdicts.find((verdict) => verdict !== true) ?? true;
  }
  if (at + (fn === 15 ? values.length : 1) > outputs.count) return 2;
  values.forEach((value, index) => {
    turn(outputs, at + index + 1, value !== 0);
  });
  return true;
}

function obey(
  outputs: Outputs,
  { relay, value }: { readonly relay: number; readonly value: number },
  up: number,
): number | true {
  const seconds = value & 0xff;
  const all = Array.from({ length: outputs.count }, (_, index) => index + 1);
  switch (value >> 8) {
    case 1:
    case 2:
      turn(outputs, relay, value >> 8 === 1);
      return true;
    case 3:
      turn(outputs, relay, !outputs.get(relay));
      return true;
    case 4:
      for (const each of all) turn(outputs, each, each === relay);
      return true;
    case 5:
      outputs.pulse(relay, true, up + 1000);
      return true;
    case 6:
      if (seconds === 0) outputs.set(relay, false);
      else outputs.pulse(relay, true, up + 1000 * seconds);
      return true;
    case 7:
    case 8:
      for (const each of all) turn(outputs, each, value >> 8 === 7);
      return true;
    default:
      return 3;
  }
}

/** A relay whose timer runs stays as it is. */
function turn(outputs: Outputs, relay: number, on: boolean): void {
  if (!outputs.pulsing(relay)) outputs.set(relay, on);
}
