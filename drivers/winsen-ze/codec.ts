import {
  type Decoded,
  Fault,
  type FrameRule,
  nineByteFrame,
  nineBytes,
  onlyFrames,
  openNineBytes,
  roundTo,
  toHex,
  u8,
  u16be,
  unknownFrame,
} from '#kit';
import { GASES, type Gas, MODELS, type Model, type ModelName } from './models.ts';

export const NAME = 'winsen-ze';

const HOST = 0x01;
const READ = 0x86;
const SWITCH = 0x78;
/** Concentrations as a module says them. */
const PPM = 0x03;
const PPB = 0x04;

/** By module age: the numbers of the two modes. */
const MODES = {
  new: { active: 0x40, passive: 0x41 },
  old: { active: 0x03, passive: 0x04 },
} as const;

export const ASK = nineBytes(HOST, READ);

export function modeRequests({ old }: Model): Readonly<Record<'active' | 'passive', Uint8Array>> {
  const numbers = old ? MODES.old : MODES.new;
  return {
    active: nineBytes(HOST, SWITCH, numbers.active),
    passive: nineBytes(HOST, SWITCH, numbers.passive),
  };
}

/** Frames with a value, asked for or not. */
export const valueFrame: FrameRule = onlyFrames(nineByteFrame, (frame) => {
  const kind = u8(frame, 1);
  return kind !== HOST && kind !== SWITCH;
});

/** Requests as they come in at the module. */
export const requestFrame: FrameRule = onlyFrames(nineByteFrame, (frame) => u8(frame, 1) === HOST);

export interface Concentration {
  readonly gas: Gas;
  readonly value: number;
  /** End of the range; an answer to a question does not say it. */
  readonly full_scale?: number;
}

/** Faults: driver.frame-unknown, driver.frame-length, driver.frame-checksum. */
export function decodeFrame(frame: Uint8Array, name: ModelName): Decoded {
  const body = openNineBytes(frame, NAME);
  const [kind, code = 0, value = 0] = body;
  if (kind === HOST) return { points: {}, note: `command ${commandOf(code, value)}` };
  if (kind === SWITCH) return { points: {}, note: code === 1 ? 'acknowledges its mode' : 'refuses its mode' };
  const { gas, value: amount, full_scale } = concentrationOf(frame, MODELS[name]);
  return { points: { [gas]: amount, ...(full_scale !== undefined && { full_scale }) } };
}

/** An answer says no gas: it is that of the model. Faults as above. */
export function concentrationOf(frame: Uint8Array, model: Model): Concentration {
  const body = openNineBytes(frame, NAME);
  const kind = u8(body, 0);
  if (kind === READ) {
    const { at, step } = model.answer;
    return { gas: model.gas, value: roundTo(u16be(frame, at) * step, step < 1 ? 1 : 0) };
  }
  const gas = gasOf(kind);
  const factor = factorOf(gas, u8(body, 1));
  const decimals = u8(body, 2);
  if (decimals > 3) throw unknownFrame(NAME, `it says ${decimals} decimals`);
  const amount = (raw: number) => roundTo((raw * factor) / 10 ** decimals, 3);
  return { gas, value: amount(u16be(body, 3)), full_scale: amount(u16be(body, 5)) };
}

function gasOf(code: number): Gas {
  // The keys of the table are its gases.
  const gas = (Object.keys(GASES) as Gas[]).find((name) => GASES[name].code === code);
  if (!gas) throw unknownFrame(NAME, `no gas has the code ${toHex(Uint8Array.of(code))}`);
  return gas;
}

/** From the unit of the frame to the one the gas is given in. */
function factorOf(gas: Gas, unit: number): number {
  if (unit !== PPM && unit !== PPB)
    throw unknownFrame(NAME, `the unit ${toHex(Uint8Array.of(unit))} is not known`);
  const said = unit === PPM ? '[ppm]' : '[ppb]';
  if (GASES[gas].unit === said) return 1;
  if (GASES[gas].unit === '%') throw unknownFrame(NAME, `${gas} in ${said}`);
  return said === '[ppm]' ? 1000 : 0.001;
}

/** The module that is there, and the one that is expected. Fault driver.value when they differ. */
export function needGas(found: Gas, expected: Gas): void {
  if (found !== expected) throw new Fault('driver.value', { point: 'gas', got: found, expected });
}

function commandOf(code: number, value: number): string {
  if (code === READ) return 'read';
  if (code !== SWITCH) return toHex(Uint8Array.of(code));
  const passive = value === MODES.new.passive || value === MODES.old.passive;
  return passive ? 'question and answer mode' : 'active mode';
}

/** What a module says unasked. */
export function encodeActive(value: number, { gas, max, answer, old }: Model): Uint8Array {
  if (old) return encodeAnswer(value, { answer });
  const decimals = answer.step < 1 ? 1 : 0;
  const [raw, full] = [value, max].map((amount) => Math.round(amount * 10 ** decimals));
  const unit = GASES[gas].unit === '[ppb]' ? PPB : PPM;
  return nineBytes(GASES[gas].code, unit, decimals, ...word(raw), ...word(full));
}

/** What it says when it is asked. */
export function encodeAnswer(value: number, { answer }: Pick<Model, 'answer'>): Uint8Array {
  const raw = word(Math.round(value / answer.step));
  return nineBytes(READ, ...(answer.at === 2 ? raw : [...raw, 0, 0, ...raw]));
}

const word = (value = 0): readonly [number, number] => [value >> 8, value & 0xff];
