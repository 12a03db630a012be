import type { FieldProgress, FieldWatch, FieldWork } from '../../contracts/index.ts';
import { Fault, isFault } from '../../faults/index.ts';
import { LOAN_MINUTES } from '../../model/index.ts';
import type { CliDeps } from '../deps.ts';
import { span } from '../output.ts';
import { speedText } from './settings.ts';
import type { Wire } from './wire.ts';

type Deps = Pick<CliDeps, 'field' | 'control' | 'user' | 'signal' | 'isTerminal' | 'err'>;

/**
 * Does it on the wire, which a running gateway lends where it can spare it; shows a person how far it is, and gives the wire back. Fault
 * field.stopped when that person has had enough, field.loan-over when the gateway has, and field.serves-doors, field.serves-outputs and
 * field.wire-held where it does not lend it.
 */
export async function workAt<T>(
  deps: Deps,
  wire: Wire,
  work: (field: FieldWork, watch: FieldWatch) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const back = await lent(deps, wire, () => over.abort());
  const field = await deps.field(wire);
  const shown = progressOf(deps);
  const signal = AbortSignal.any([deps.signal, over.signal]);
  try {
    return await work(field, { tell: shown.tell, signal });
  } catch (error) {
    if (deps.signal.aborted) throw new Fault('field.stopped', { wire: wire.name });
    if (over.signal.aborted)
      throw new Fault('field.loan-over', { bus: wire.held?.bus ?? '', minutes: LOAN_MINUTES });
    throw error;
  } finally {
    shown.end();
    await field.close();
    back();
  }
}

async function lent(
  { control, user, signal, err }: Pick<Deps, 'control' | 'user' | 'signal' | 'err'>,
  { name, held }: Wire,
  over: () => void,
): Promise<() => void> {
  if (!held) return () => {};
  try {
    const back = await control(held.socket).lend(held.bus, { user, over }, signal);
    err(
      `The gateway lends its bus ${held.bus}; what is on it is offline meanwhile, for ${LOAN_MINUTES} minutes at most.\n`,
    );
    return back;
  } catch (error) {
    // A gateway of an earlier version does not know how to.
    if (isFault(error, 'usage')) throw new Fault('field.wire-held', { wire: name, bus: held.bus });
    throw error;
  }
}

const STAGES = {
  listen: 'listening',
  likely: 'asking likely addresses',
  sweep: 'asking every address',
  confirm: 'asking again',
  identify: 'asking what they are',
  before: 'looking who is there',
  write: 'telling it',
  after: 'looking where it is',
  wait: 'waiting for it',
} as const satisfies Record<FieldProgress['stage'], string>;

/** One line that changes, for a person at a terminal; what that person has to do stands on a line of its own for everybody. */
function progressOf({ isTerminal, err }: Pick<Deps, 'isTerminal' | 'err'>) {
  let asked: string | undefined;
  let line = '';
  const wipe = () => {
    if (line !== '') err('\r\u001b[K');
    line = '';
  };
  return {
    tell: (progress: FieldProgress) => {
      if (progress.please !== undefined && progress.please !== asked) {
        wipe();
        err(`${progress.please} It is waited for.\n`);
        asked = progress.please;
      }
      const text = lineOf(progress);
      if (!isTerminal || text === line) return;
      err(`\r\u001b[K${text}`);
      line = text;
    },
    end: wipe,
  };
}

function lineOf({ stage, setting, done, of, left_ms, found }: FieldProgress): string {
  const steps = of > 1 ? ` ${done}/${of}` : '';
  const units = found > 0 ? `, ${found} found` : '';
  return `${speedText(setting)}: ${STAGES[stage]}${steps}, at most ${span(left_ms)} more${units}`;
}
