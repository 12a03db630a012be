import type { ActResult, Clock, Holds, MoveReport, UnitPlace } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';
import type { Mover, ToldPlace } from './mover.ts';
import { unitText } from './shown.ts';
import type { Survey } from './survey.ts';

/** Another master polls more often than this. */
const LISTEN_MS: Millis = 1200;
/** A unit that takes it at once may start again for it. */
const ARRIVES_WITHIN_MS: Millis = 8000;
/** It was heard so often in its old place: it stays there. */
const STAYS = 3;
const AGAIN_MS: Millis = 300;

/** One unit's way from one place to another. */
export interface Move {
  readonly driver: string;
  readonly from: UnitPlace;
  readonly to: UnitPlace;
  readonly holds: Holds;
  /** What tells it; left out: hands do. */
  readonly command?: { readonly name: string; readonly args: JsonObject } | undefined;
  /** What hands have to do, as a sentence. */
  readonly by_hand?: string | undefined;
  /** This wire can be set to where it goes. */
  readonly follows: boolean;
  /** So long a power cycle is waited for. */
  readonly wait_ms: Millis;
}

export interface MoveTools {
  readonly survey: Survey;
  readonly clock: Clock;
  readonly mover: Mover;
}

type Moved = Pick<MoveReport, 'state' | 'evidence'>;

/**
 * Moves a unit, once nothing speaks against it, and looks where it is then. A fault says in which state things are: whatever is found before the unit is
 * told leaves everything as it was.
 */
export async function moveUnit(move: Move, tools: MoveTools): Promise<Moved> {
  const { survey, mover } = tools;
  const evidence: string[] = [];
  const { signal } = survey.watch;
  survey.tell('before', move.from.setting, { done: 0, of: 1, each_ms: LISTEN_MS });
  await refuseMasters(move, survey);
  await refuseDoubt(move, mover);
  evidence.push(`${unitText(move.from)} answered, alone`, ...(await mover.recognise(move.from)));
  if (move.follows) {
    if ((await mover.look(move.to, 'whoever')).outcome !== 'silence')
      throw new Fault('field.taken', { place: unitText(move.to) });
    evidence.push(`nobody answered as ${unitText(move.to)}`);
  }
  signal.throwIfAborted();

  if (move.command) {
    survey.tell('write', move.from.setting, { done: 0, of: 1, each_ms: ARRIVES_WITHIN_MS });
    const result = await mover.act(move.from, move.to, move.command.name, move.command.args);
    if (result.result === 'failed') throw refused(move, result);
    evidence.push(result.result === 'done' ? 'it was told, and acknowledged' : 'it was told');
  }
  survey.tell('after', move.to.setting, { done: 0, of: 1, each_ms: ARRIVES_WITHIN_MS });
  if (!move.follows) return { state: 'unseen', evidence: [...evidence, ...(await leaves(move, tools))] };
  const waits = move.command === undefined || move.holds === 'after a power cycle';
  const state = waits ? await restarts(move, tools, evidence) : await arrives(move, tools, evidence);
  return { state, evidence };
}

/** Two masters on one wire: our question may meet theirs, and what they ask next nobody knows. */
async function refuseMasters({ from }: Move, survey: Survey): Promise<void> {
  if (survey.bench.framing === 'tcp') return;
  await survey.linger(from.setting, LISTEN_MS);
  const master = survey.oddities().find(({ what }) => what === 'master');
  if (master) throw new Fault('field.other-master', { units: master.units.join(', ') });
}

async function refuseDoubt({ from, to, follows }: Move, mover: Mover): Promise<void> {
  const place = unitText(from);
  const { outcome } = await mover.look(from, 'whoever');
  if (outcome === 'damaged') throw new Fault('field.shared', { place });
  if (outcome === 'answer') {
    if (await mover.isShared(from)) throw new Fault('field.shared', { place });
    return;
  }
  const there = follows && (await mover.look(to, 'whoever')).outcome !== 'silence';
  throw new Fault('field.silent', {
    place,
    hint: there ? `, but somebody does as ${unitText(to)}: it may have moved before` : '',
  });
}

function refused({ from }: Move, { facts }: ActResult): Fault {
  const reason =
    typeof facts.exception === 'number'
      ? `exception ${facts.exception}`
      : String(facts.fault ?? 'no reason given');
  return new Fault('field.refused', { place: unitText(from), reason });
}

/** Of a wire that cannot follow it: whether it has gone. */
async function leaves(
  { from, holds }: Move,
  { mover, clock, survey }: MoveTools,
): Promise<readonly string[]> {
  if (holds === 'after a power cycle') return ['it takes it with its next start'];
  await clock.sleep('a unit leaves', AGAIN_MS, survey.watch.signal);
  const { outcome } = await mover.look(from, 'it');
  return [
    outcome === 'answer'
      ? `it still answers as ${unitText(from)}`
      : `it no longer answers as ${unitText(from)}`,
  ];
}

/** It takes it at once: it is there, soon, and not where it was. */
async function arrives(move: Move, tools: MoveTools, evidence: string[]): Promise<MoveReport['state']> {
  const { mover, clock, survey } = tools;
  const { from, to } = move;
  const late_up = clock.now().up + ARRIVES_WITHIN_MS;
  for (let stays = 0; ; ) {
    if ((await mover.look(to, 'it')).outcome === 'answer') return arrived(move, tools, evidence);
    if ((await mover.look(from, 'it')).outcome === 'answer') stays += 1;
    if (stays >= STAYS) {
      if (!isToldFor(move, await mover.told(from)))
        throw new Fault('field.not-taken', { from: unitText(from), to: unitText(to) });
      evidence.push('its own setting says so, though it still answers where it was: it needs a new start');
      return restarts(move, tools, evidence);
    }
    if (clock.now().up >= late_up) throw new Fault('field.lost', { from: unitText(from), to: unitText(to) });
    await clock.sleep('a unit arrives', AGAIN_MS, survey.watch.signal);
  }
}

/** It takes it with its next start, which somebody has to bring about. */
async function restarts(move: Move, tools: MoveTools, evidence: string[]): Promise<MoveReport['state']> {
  const { mover, clock, survey } = tools;
  const { from, to, wait_ms } = move;
  if ((await mover.look(to, 'it')).outcome === 'answer') return arrived(move, tools, evidence);
  if (move.command && (await mover.look(from, 'it')).outcome === 'answer') {
    const told = await mover.told(from);
    if (isToldFor(move, told)) evidence.push('its own setting says so');
    else if (saysOtherwise(move, told))
      throw new Fault('field.not-taken', { from: unitText(from), to: unitText(to) });
  }
  const please = move.command ? 'Switch it off and on.' : (move.by_hand ?? 'Change it by hand.');
  const end_up = clock.now().up + wait_ms;
  while (clock.now().up < end_up) {
    const left_ms = end_up - clock.now().up;
    survey.tell('wait', to.setting, { done: 0, of: 1, each_ms: left_ms, please });
    await clock.sleep('a unit starts again', Math.min(left_ms, AGAIN_MS), survey.watch.signal);
    if ((await mover.look(to, 'it')).outcome === 'answer') return arrived(move, tools, evidence);
  }
  return 'pending';
}

async function arrived({ from, to }: Move, { mover }: MoveTools, evidence: string[]): Promise<'moved'> {
  evidence.push(`${unitText(to)} answers`);
  for (let turn = 0; turn < 2; turn += 1) {
    if ((await mover.look(from, 'it')).outcome !== 'silence')
      throw new Fault('field.doubled', { from: unitText(from), to: unitText(to) });
  }
  evidence.push(`nobody answers as ${unitText(from)}`);
  return 'moved';
}

/** The unit's own registers say the new place. */
function isToldFor({ from, to }: Move, told: ToldPlace): boolean {
  if (to.unit !== from.unit) return told.unit === to.unit;
  return told.baud === to.setting.baud && (told.parity ?? to.setting.parity) === to.setting.parity;
}

/** They say the old one, or a third. */
function saysOtherwise(move: Move, told: ToldPlace): boolean {
  const says = move.to.unit !== move.from.unit ? told.unit : told.baud;
  return says !== undefined && !isToldFor(move, told);
}
