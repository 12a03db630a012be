import type { LineSetting, Parity } from '../contracts/index.ts';
import type { Millis } from '../model/index.ts';

/**
 * Settings a unit may have, the most common first: what the devices of the library leave the factory with, then what installers set, then what
 * Modbus itself says (even parity).
 */
const LIKELY: readonly LineSetting[] = [
  { baud: 9600, parity: 'none' },
  { baud: 4800, parity: 'none' },
  { baud: 19_200, parity: 'none' },
  { baud: 115_200, parity: 'none' },
  { baud: 9600, parity: 'even' },
  { baud: 19_200, parity: 'even' },
  { baud: 38_400, parity: 'none' },
  { baud: 57_600, parity: 'none' },
  { baud: 2400, parity: 'none' },
  { baud: 115_200, parity: 'even' },
  { baud: 9600, parity: 'odd' },
];

/** What is wanted, or the likely ones with the wire's own first. */
export function settingsToTry(
  wanted: readonly LineSetting[] | undefined,
  own: LineSetting | undefined,
  adjustable: boolean,
): readonly LineSetting[] {
  if (!adjustable) return [own ?? ANY];
  if (wanted?.length) return distinct(wanted);
  return distinct(own ? [own, ...LIKELY] : LIKELY);
}

/** Of a wire that has no setting: Modbus TCP. */
const ANY: LineSetting = { baud: 9600, parity: 'none' };

export const sameSetting = (one: LineSetting, other: LineSetting): boolean =>
  one.baud === other.baud && one.parity === other.parity;

export const distinct = (settings: readonly LineSetting[]): readonly LineSetting[] =>
  settings.filter((setting, index) => settings.findIndex((other) => sameSetting(setting, other)) === index);

const LETTER = { none: 'N', even: 'E', odd: 'O' } as const satisfies Record<Parity, string>;

/** `9600 8N1`. */
export const settingText = ({ baud, parity }: LineSetting): string => `${baud} 8${LETTER[parity]}1`;

/** Characters of ten bits, or eleven with parity. */
const charMillis = ({ baud, parity }: LineSetting): Millis => ((parity === 'none' ? 10 : 11) * 1000) / baud;

/** What a question that nobody answers costs: its eight bytes, the wait, and the silence behind it. */
export function silentAskMillis(setting: LineSetting, wait_ms: Millis): Millis {
  const gap_ms = setting.baud > 19_200 ? 1.75 : (3.5 * 11 * 1000) / setting.baud;
  return 8 * charMillis(setting) + wait_ms + gap_ms;
}
