import {
  answerFromBank,
  defineSimulator,
  Fault,
  registerMap,
  seededRandom,
  settable,
  type Value,
  wordBank,
} from '#kit';
import { type Options, pointName, rawTable, STATES, type State, statesOf } from './bays.ts';

/**
 * A collector with its bays: cars come and go, now and then a detector does not know. Each point can be set to `free`, `occupied` or
 * `unknown`; the last only where its options say how a unit tells that.
 */
export default defineSimulator<Options>({
  driver: 'bay-register',
  open(options, seed) {
    const random = seededRandom(seed);
    const table = rawTable(options);
    const map = registerMap(table);
    const bank = wordBank();
    const bays = Array.from({ length: options.bays }, (_, index) => index + 1);
    const names = bays.map((bay) => pointName(bay, options));
    const fixed = settable(names);
    const now = new Map<number, State>(bays.map((bay) => [bay, random() < 0.6 ? 'occupied' : 'free']));
    let told: Record<string, Value | null> = {};

    const codeFor = (state: State): number => {
      const wanted = (code: number) =>
        statesOf({ 'bay-1': code }, { ...options, bays: 1 }).occupied === state;
      const codes = [0, 1, ...options.occupied, ...options.unknown];
      return codes.find(wanted) ?? 0;
    };
    const store = (bay: number, state: State) => {
      if (options.faults) map.store(`fault-${bay}`, state === 'unknown', bank);
      const code = codeFor(state);
      const number = table[`bay-${bay}`]?.kind === 'number';
      map.store(`bay-${bay}`, number ? code : code !== 0, bank);
    };
    const mayNotKnow = options.unknown.length > 0 || options.faults !== undefined;
    const move = (bay: number): State => {
      const set = fixed.get(pointName(bay, options));
      if (typeof set === 'string' && isState(set)) return set;
      if (random() < 0.03) now.set(bay, random() < 0.5 ? 'free' : 'occupied');
      return mayNotKnow && random() < 0.01 ? 'unknown' : (now.get(bay) ?? 'free');
    };
    const moveAll = () => {
      told = {};
      for (const bay of bays) {
        const state = move(bay);
        store(bay, state);
        told[pointName(bay, options)] = state;
      }
    };
    moveAll();
    return {
      kind: 'modbus',
      said: () => told,
      set(values) {
        for (const value of Object.values(values)) {
          if (!isState(value) || (value === 'unknown' && !mayNotKnow))
            throw new Fault('usage', {
              text: `a bay is one of ${STATES.join(', ')}, unknown only where it can be told`,
            });
        }
        fixed.set(values);
      },
      respond: (pdu) =>
        answerFromBank(bank, pdu, {
          // Faults are read right after the bays and belong to the same moment.
          beforeRead: (table, at) => {
            if (table === options.table && at === options.at) moveAll();
          },
        }),
    };
  },
});

const isState = (value: unknown): value is State => STATES.some((state) => state === value);
