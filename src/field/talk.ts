import type { Bench, LineSetting } from '../contracts/index.ts';
import { rtuFrame, tcpFrame, u16be } from '../kit/index.ts';
import type { Millis } from '../model/index.ts';
import { framesIn, type SeenFrame } from './frames.ts';

/** One question to one address. */
export interface Question {
  readonly setting: LineSetting;
  readonly unit: number;
  readonly pdu: Uint8Array;
  readonly wait_ms: Millis;
  /** Address from which the answer may come too: a unit that is just being given another one. */
  readonly also?: number;
  /** It is known that the adapter gives our own bytes back, or that it does not. */
  readonly echoes?: boolean;
}

/** What came of a question. */
export interface Told {
  readonly outcome: 'answer' | 'silence' | 'damaged';
  /** Who answered: at 0 and from 248 on a unit gives its own address. */
  readonly unit: number;
  /** Of the answer, an exception included. */
  readonly pdu: Uint8Array;
  readonly answer_ms: Millis;
  /** More than one answer came from this unit. */
  readonly doubled: boolean;
  /** The adapter gave our own bytes back. */
  readonly echo: boolean;
  /** Whole frames that are not ours, and do not answer us: late words of other units, other masters. */
  readonly others: readonly SeenFrame[];
  /** Bytes of no frame. */
  readonly stray: number;
}

/** These addresses, and 0, are answered by whoever is there. */
const FIRST_ANY_UNIT = 248;
export const isAnyone = (unit: number): boolean => unit === 0 || unit >= FIRST_ANY_UNIT;

/** Asks, and makes of what came whatever can be made of it. */
export function ask(bench: Bench, question: Question, signal: AbortSignal): Promise<Told> {
  return bench.framing === 'tcp' ? askTcp(bench, question, signal) : askRtu(bench, question, signal);
}

async function askRtu(bench: Bench, question: Question, signal: AbortSignal): Promise<Told> {
  const { setting, wait_ms } = question;
  const sent = rtuFrame(question.unit, question.pdu);
  const ends = (bytes: Uint8Array) => read(bytes, sent, question).answers.length > 0;
  const heard = await bench.exchange({ bytes: sent, setting, wait_ms, ends }, signal);
  const now = read(heard.bytes, sent, question);
  const before = framesIn(heard.before);
  const [first, ...more] = now.answers;
  const common = {
    answer_ms: heard.first_ms ?? 0,
    doubled: more.some(({ unit }) => unit === first?.unit),
    echo: now.echo,
    others: [...before.frames, ...now.others],
    stray: before.stray + now.stray,
  };
  if (first) return { outcome: 'answer', unit: first.unit, pdu: first.pdu, ...common };
  const outcome = now.stray > 0 ? 'damaged' : 'silence';
  return { outcome, unit: question.unit, pdu: NOTHING, ...common };
}

interface Reading {
  readonly answers: readonly SeenFrame[];
  readonly others: readonly SeenFrame[];
  readonly echo: boolean;
  readonly stray: number;
}

function read(bytes: Uint8Array, sent: Uint8Array, question: Question): Reading {
  const { frames, stray } = framesIn(bytes);
  const mine = frames.findIndex(({ from, to }) => same(bytes.subarray(from, to), sent));
  // What looks like our own question is our own question. Functions 5 and 6 are answered with the same bytes, behind it.
  const told = frames[mine]?.kind === 'either' ? (question.echoes ?? frames.length > mine + 1) : true;
  const isEcho = mine >= 0 && told;
  const heard = isEcho ? frames.filter((_, index) => index !== mine) : frames;
  const answers = heard.filter((frame) => isAnswer(frame, question));
  return { answers, others: heard.filter((frame) => !answers.includes(frame)), echo: isEcho, stray };
}

/** Whether this frame answers this question: who, which function, and how much. */
function isAnswer({ unit, pdu, kind }: SeenFrame, { unit: asked, pdu: question, also }: Question): boolean {
  if (kind === 'question' || !(isAnyone(asked) || unit === asked || unit === also)) return false;
  const fn = question[0] ?? 0;
  if (kind === 'exception') return pdu[0] === (fn | 0x80);
  return pdu[0] === fn && hasLengthFor(pdu, question);
}

function hasLengthFor(pdu: Uint8Array, question: Uint8Array): boolean {
  const fn = question[0] ?? 0;
  const count = question.length >= 5 ? u16be(question, 3) : 0;
  if (fn === 1 || fn === 2) return pdu.length === 2 + Math.ceil(count / 8);
  if (fn === 3 || fn === 4) return pdu.length === 2 + 2 * count;
  return true;
}

/** Each question has a number of its own, so an answer that comes too late is nobody's. */
let transactions = 0;

async function askTcp(bench: Bench, question: Question, signal: AbortSignal): Promise<Told> {
  const { setting, wait_ms, unit } = question;
  transactions = (transactions + 1) & 0xffff;
  const transaction = transactions;
  const mine = (bytes: Uint8Array) => tcpAnswer(bytes, transaction, question);
  const heard = await bench.exchange(
    {
      bytes: tcpFrame(transaction, unit, question.pdu),
      setting,
      wait_ms,
      ends: (bytes) => mine(bytes) !== undefined,
    },
    signal,
  );
  const pdu = mine(heard.bytes);
  const common = { unit, answer_ms: heard.first_ms ?? 0, doubled: false, echo: false, others: [] };
  if (pdu) return { ...common, outcome: 'answer', pdu, stray: 0 };
  const stray = heard.bytes.length;
  return { ...common, outcome: stray > 0 ? 'damaged' : 'silence', pdu: NOTHING, stray };
}

const HEADER = 7;

/** The PDU with our transaction in these bytes; undefined: not there, or not whole. */
function tcpAnswer(bytes: Uint8Array, transaction: number, { unit, pdu: asked }: Question) {
  for (let at = 0; at + HEADER < bytes.length; ) {
    const length = u16be(bytes, at + 4);
    if (u16be(bytes, at + 2) !== 0 || length < 3 || length > 254) return undefined;
    const end = at + 6 + length;
    if (end > bytes.length) return undefined;
    const pdu = bytes.slice(at + HEADER, end);
    const fits = bytes[at + 6] === unit && ((pdu[0] ?? 0) & 0x7f) === (asked[0] ?? 0);
    if (u16be(bytes, at) === transaction && fits) return pdu;
    at = end;
  }
  return undefined;
}

const same = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

const NOTHING = new Uint8Array(0);
