import type { ModbusFarEnd, ModbusTable, ModbusWrite } from '../contracts/index.ts';
import type { JsonObject, Millis, Value } from '../model/index.ts';
import { answerFromBank, settable, wordBank } from './far-end.ts';
import type { WordBank } from './register-map.ts';

/** The relays of a simulated board, and the timers that end a pulse when nobody is there any more. Relays count from 1. */
export interface Outputs {
  readonly count: number;
  readonly get: (relay: number) => boolean;
  /** For good; a timer of that relay is over. */
  readonly set: (relay: number, on: boolean) => void;
  /** Until `end`, then the other way round. */
  readonly pulse: (relay: number, on: boolean, end: Millis) => void;
  readonly pulsing: (relay: number) => boolean;
}

export interface RelayFarEndShape {
  readonly relays: { readonly table: ModbusTable; readonly at: number; readonly count: number };
  /** Flags besides the relays; `input-n`. */
  readonly inputs?: { readonly table: ModbusTable; readonly at: number; readonly count: number };
  /** Holding registers that exist, with what they hold at first. */
  readonly registers?: Readonly<Record<number, number>>;
  /** Unit ids besides its own that it answers to. */
  readonly also?: readonly number[];
  /** Names of odd behaviours that can be switched on. */
  readonly quirks?: readonly string[];
  /**
   * Takes a write: an exception code refuses it, true says it is dealt with; undefined lets a register be stored.
   */
  readonly onWrite: (write: ModbusWrite, outputs: Outputs, up: Millis) => number | true | undefined;
  /** What an odd board answers instead; undefined: nothing. */
  readonly answer?: (asked: OddQuestion) => Uint8Array | undefined;
}

export interface OddQuestion {
  readonly pdu: Uint8Array;
  readonly bank: WordBank;
  readonly quirk: (name: string) => boolean;
  /** As a board without oddities answers. */
  readonly normally: () => Uint8Array;
}

/**
 * The board's own side of a Modbus relay driver. Settings: `relay-n`, `input-n`, its quirks (true or false), and `register-n` for
 * a holding register.
 */
export function relayFarEnd(shape: RelayFarEndShape): ModbusFarEnd {
  const { relays, inputs, registers = {}, quirks = [] } = shape;
  const bank = wordBank();
  for (let index = 0; index < relays.count; index += 1) bank.set(relays.table, relays.at + index, 0);
  for (let index = 0; index < (inputs?.count ?? 0); index += 1)
    if (inputs) bank.set(inputs.table, inputs.at + index, 0);
  for (const [at, word] of Object.entries(registers)) bank.set('holding', Number(at), word);

  const timers = new Map<number, Millis>();
  const put = (relay: number, on: boolean) => bank.set(relays.table, relays.at + relay - 1, Number(on));
  const outputs: Outputs = {
    count: relays.count,
    get: (relay) => bank.get(relays.table, relays.at + relay - 1) === 1,
    set: (relay, on) => {
      timers.delete(relay);
      put(relay, on);
    },
    pulse: (relay, on, end) => {
      put(relay, on);
      timers.set(relay, end);
    },
    pulsing: (relay) => timers.has(relay),
  };
  const endPulses = (up: Millis) => {
    for (const [relay, end] of timers) if (up >= end) outputs.set(relay, !outputs.get(relay));
  };
  const told: Record<string, Value | null> = {};
  const tell = () => {
    for (let relay = 1; relay <= relays.count; relay += 1) told[`relay-${relay}`] = outputs.get(relay);
    for (let input = 1; input <= (inputs?.count ?? 0); input += 1)
      if (inputs) told[`input-${input}`] = bank.get(inputs.table, inputs.at + input - 1) === 1;
  };
  const fixed = settable([
    ...numbered('relay', relays.count),
    ...numbered('input', inputs?.count ?? 0),
    ...Object.keys(registers).map((at) => `register-${at}`),
    ...quirks,
  ]);
  const set = (name: string, value: Value | null) => {
    const number = Number(name.slice(name.lastIndexOf('-') + 1));
    if (quirks.includes(name)) return;
    if (name.startsWith('relay-')) outputs.set(number, value === true);
    else if (name.startsWith('register-')) bank.set('holding', number, Number(value));
    else if (inputs) bank.set(inputs.table, inputs.at + number - 1, Number(value === true));
  };

  return {
    kind: 'modbus',
    ...(shape.also && { also: shape.also }),
    said: () => told,
    set(values: JsonObject) {
      fixed.set(values);
      for (const name of Object.keys(values)) set(name, fixed.get(name) ?? null);
    },
    respond(pdu, up) {
      endPulses(up);
      const normally = () =>
        answerFromBank(bank, pdu, {
          onWrite: (write) => shape.onWrite(write, outputs, up),
          beforeRead: tell,
        });
      const { answer } = shape;
      return answer ? answer({ pdu, bank, quirk: (name) => fixed.get(name) === true, normally }) : normally();
    },
  };
}

const numbered = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
