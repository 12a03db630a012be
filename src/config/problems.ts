import { Fault } from '../faults/index.ts';

/** One thing that is wrong (or doubtful) in a site file, in words that name the place, what was expected, what came and what to do. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** `devices.noise-1.poll_ms`: list elements by their id. */
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
  readonly line: number;
  readonly column: number;
}

/** A place in the file, as keys and indexes from its root. */
export type Path = readonly (string | number)[];

/** A problem before its place in the text is known. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly path: Path;
  readonly message: string;
  readonly remedy: string;
  /** The key itself is the matter, not its value. */
  readonly atKey?: boolean;
}

export const errorAt = (path: Path, message: string, remedy: string): Finding => ({
  severity: 'error',
  path,
  message,
  remedy,
});
export const warningAt = (path: Path, message: string, remedy: string): Finding => ({
  severity: 'warning',
  path,
  message,
  remedy,
});

/** `devices.noise-1.poll_ms is 10; the shortest is 100`: the place and what is wrong there, its name said once. */
export function sentenceOf({ path, message }: Problem): string {
  if (path === '') return message;
  const name = path.split('.').at(-1) ?? path;
  return message.startsWith(`${name} `) ? `${path}${message.slice(name.length)}` : `${path}: ${message}`;
}

/** Why a site file is not accepted. */
export function refusalOf(file: string, problems: readonly Problem[]): Fault {
  const texts = problems
    .filter(({ severity }) => severity === 'error')
    .map((problem) => `line ${problem.line}: ${sentenceOf(problem)}. ${problem.remedy}`);
  return new Fault('config.refused', { file, problems: texts.join(' | ').replace(/\.$/, '') });
}
