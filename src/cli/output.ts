import { asFault, type Fault } from '../faults/index.ts';
import type { JsonObject } from '../model/index.ts';

/** What a command prints: for machines, for people, and how it ends. */
export interface Printed<J extends object = JsonObject> {
  readonly json: J;
  readonly text: string;
  readonly exit: 0 | 1;
}

/** Work whose fault is an answer too: `{"fault":{"code",…}}` and exit 1. */
export async function printed(work: () => Promise<{ json: JsonObject; text: string }>): Promise<Printed> {
  try {
    return { ...(await work()), exit: 0 };
  } catch (error) {
    const fault = asFault(error);
    return { json: { fault: fault.toJSON() }, text: faultText(fault), exit: 1 };
  }
}

/** Puts it where it belongs: what went well and JSON on standard output, what went wrong on standard error. */
export function print(
  to: { readonly out: (text: string) => void; readonly err: (text: string) => void },
  { json: data, text, exit }: Printed<object>,
  wanted: boolean,
): 0 | 1 {
  if (wanted) to.out(json(data));
  else if (exit === 0) to.out(`${text}\n`);
  else to.err(`${text}\n`);
  return exit;
}

/** Text for people in aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...rows.map((row) => width(row[column] ?? ''))),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Columns of a terminal that a text takes: Chinese characters take two. */
function width(text: string): number {
  let columns = 0;
  for (const letter of text) columns += isWide(letter) ? 2 : 1;
  return columns;
}

export const isWide = (letter: string): boolean =>
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/.test(
    letter,
  );

export const faultText = ({ code, message, remedy }: Fault): string =>
  `${sentence(message)} ${remedy} [${code}]`;

/** With its full stop, once. */
export const sentence = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`);

/** 93 s → `1 min 33 s`. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** 60s, 10min, 2h, or plain seconds → ms; undefined when it is none of these. */
export function parseSpan(text: string): number | undefined {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  return Number(number) * ({ ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }[unit] ?? 1000);
}

/** `1 error`, `2 errors`. */
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;
