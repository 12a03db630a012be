// What a decision at a door costs: token, list, schedule and door, with few credentials and with 10,000.
import {
  beginDoor,
  doorRules,
  EMPTY_LIST,
  makePages,
  openBook,
  stepDoor,
  takePage,
  tokens,
} from '../../dist/src/access/index.js';

const FEW = 100;
const MANY = 10_000;
const ROUNDS = 20_000;
const NOON = Date.parse('2026-11-25T12:00:00Z');
const TOKENS = tokens(new Uint8Array(32).fill(7));

/** Every fourth one by a schedule, as cleaners and craftsmen are. */
function content(count) {
  return {
    groups: [
      { id: 'residents', rights: [{ door: 'gate' }], keep: true, without_clock: false },
      { id: 'workers', rights: [{ door: 'gate' }], schedule: 'day', keep: false, without_clock: false },
    ],
    schedules: [{ id: 'day', spans: [{ days: ['mon', 'tue', 'wed'], from_min: 300, to_min: 1380 }] }],
    credentials: Array.from({ length: count }, (_, index) => ({
      id: `c-${index}`,
      who: `p-${index}`,
      card: `wiegand-26:118:${index}`,
      groups: [index % 4 ? 'residents' : 'workers'],
    })),
  };
}

/** The list, and how long its longest page held up everything else. */
function listOf(count) {
  const world = { gateway: 'gate-1', tokens: TOKENS, time: { unix_ms: NOON, known: true } };
  let taking = { list: EMPTY_LIST, pending: undefined };
  let longest = 0;
  for (const page of makePages({ gateway: 'gate-1', version: 1 }, content(count))) {
    const began = process.hrtime.bigint();
    taking = takePage(taking, page, world);
    longest = Math.max(longest, Number(process.hrtime.bigint() - began) / 1e6);
  }
  return { list: taking.list, longest };
}

/** From the number on the card to what the lock is told. */
function measure(count) {
  const book = openBook(listOf(count).list, 'Europe/Berlin');
  const rules = doorRules({ id: 'gate', kind: 'door', contacts: ['in'] });
  const times = new Float64Array(ROUNDS);
  let granted = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const { state } = beginDoor(rules, { boot: 'b', schedule: 'lock' }, 0);
    const number = `wiegand-26:118:${(round * 7919) % count}`;
    const time = { unix_ms: NOON + round * 1000, known: true };
    const began = process.hrtime.bigint();
    const token = TOKENS.card(number);
    const decision = book.decide({ door: 'gate', side: 'in', needs: 'card', time, token, by: 'card' });
    if (decision.result === 'grant') {
      const { who } = decision;
      granted += stepDoor(rules, state, { kind: 'grant', ref: 'r', side: 'in', who }, 1).outputs.length;
    }
    times[round] = Number(process.hrtime.bigint() - began) / 1000;
  }
  if (granted < ROUNDS) throw new Error('nobody was let in');
  times.sort();
  return {
    mean: times.reduce((sum, one) => sum + one, 0) / ROUNDS,
    p99: times[Math.floor(ROUNDS * 0.99)],
    max: times[ROUNDS - 1],
  };
}

export async function run() {
  measure(FEW);
  const few = measure(FEW);
  const many = measure(MANY);
  const { list, longest } = listOf(MANY);
  const began = process.hrtime.bigint();
  openBook(list, 'Europe/Berlin');
  const indexed = Number(process.hrtime.bigint() - began) / 1e6;
  return {
    name: 'a decision at a door',
    figures: {
      'card → what the lock is told, 100 credentials, mean µs': few.mean,
      'the same with 10,000 credentials, mean µs': many.mean,
      'the same, 99 of 100 within µs': many.p99,
      'the same, the longest of 20,000, µs': many.max,
      'a list of 10,000: its longest page, ms': longest,
      'a list of 10,000: its index, ms': indexed,
    },
    ratios: {
      '10,000 credentials / 100 credentials': { value: many.mean / few.mean },
      '99 of 100 decisions with 10,000 credentials / 1 ms': { value: many.p99 / 1000, target: '< 1' },
    },
  };
}
