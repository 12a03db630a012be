import type { LineSetting, Parity } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';

const PARITIES = { n: 'none', e: 'even', o: 'odd' } as const satisfies Record<string, Parity>;
const LETTERS = { none: 'N', even: 'E', odd: 'O' } as const satisfies Record<Parity, string>;

/** As a speed is typed: `9600`, `19200-8E1`, `19200E`. Fault usage. */
export function speedIn(flag: string, text: string): { readonly baud: number; readonly parity?: Parity } {
  const [, baud, letter] = /^(\d{3,6})(?:[- ]?8?([neo])1?)?$/i.exec(text) ?? [];
  if (baud === undefined)
    throw new Fault('usage', { text: `--${flag} is ${text}; a speed is written 9600 or 19200-8E1` });
  const parity = letter && PARITIES[letter.toLowerCase() as keyof typeof PARITIES];
  return { baud: Number(baud), ...(parity && { parity }) };
}

/** The same, without a letter: no parity. */
export const settingIn = (flag: string, text: string): LineSetting => ({
  parity: 'none',
  ...speedIn(flag, text),
});

export const speedText = ({ baud, parity }: LineSetting): string => `${baud} 8${LETTERS[parity]}1`;
/** As it is typed again. */
export const speedWord = (setting: LineSetting): string => speedText(setting).replace(' ', '-');

/** `5`, `1-16` → addresses. Fault usage. */
export function unitsIn(flag: string, text: string): readonly number[] {
  const [, first, last = first] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === undefined || to > 255 || from > to)
    throw new Fault('usage', { text: `--${flag} is ${text}; an address is 1 to 247, several are 1-16` });
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** One address. Fault usage. */
export function unitIn(flag: string, text: string): number {
  const units = unitsIn(flag, text);
  const [unit] = units;
  if (unit === undefined || units.length > 1)
    throw new Fault('usage', { text: `--${flag} is ${text}; one address is expected, 1 to 247` });
  return unit;
}
