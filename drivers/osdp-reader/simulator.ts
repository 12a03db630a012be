import {
  type BytesFarEnd,
  bitsOfNumber,
  bitsOfText,
  cardBits,
  concat,
  defineSimulator,
  Fault,
  type JsonObject,
  seededRandom,
  u16le,
  type Value,
} from '#kit';
import type { Options } from './options.ts';
import { type Answer, type Habits, openPeripheral } from './peripheral.ts';
import { keyOfText, keyOfUnit } from './secure.ts';
import * as words from './words.ts';

const COMES_MS = 3000;
const IDENTITY = { vendor: '000A17', model: 4, version: 2, serial: 0x1234_5678, firmware: '1.4.0' };
const UNIT_ID = Uint8Array.of(0, 0x0a, 0x17, 4, 0x78, 0x56, 0x34, 0x12);
const NOTHING = new Uint8Array();
const ACK: Answer = { code: words.REPLY.ACK, data: NOTHING };
/** Things that go wrong, or differ from unit to unit. */
const QUIRKS = ['keyed', 'plain', 'sums', 'clear_ack', 'silent'] as const;

/**
 * A reader on the wall. `card`: hex digits of a card of 26 bits that is read once; `bits`: these very bits; `text`: a card as FMT tells it; `keys`: these are
 * pressed; `tamper`, `power-lost`, `input-n`: as they are. `busy`: so many commands it has no time for; `restart`: it loses its power for a moment; `keyed`
 * (false: it has no key yet), `plain` (no secure channel), `sums` (no CRC), `clear_ack` (a new key is acknowledged in the clear), `silent` (no card
 * by itself). When nothing was set somebody comes every 3 s.
 */
export default defineSimulator<Options>({
  driver: 'osdp-reader',
  open(options, seed): BytesFarEnd {
    const random = seededRandom(seed);
    const quirks = new Map<string, boolean>(QUIRKS.map((name) => [name, name === 'keyed']));
    const told: Record<string, Value | null> = {
      channel: options.channel,
      tamper: false,
      'power-lost': false,
    };
    const inputs = new Array<boolean>(options.inputs).fill(false);
    const outputs = Array.from({ length: options.outputs }, () => ({ on: false, until_up: 0 }));
    let queue: Answer[] = [];
    let busy = 0;
    let visit_up: number | undefined;
    let { address } = options;
    let key = ownKey(options);

    const outputsAt = (up: number): boolean[] => {
      for (const output of outputs) {
        if (output.until_up === 0 || up < output.until_up) continue;
        output.on = !output.on;
        output.until_up = 0;
      }
      outputs.forEach(({ on }, at) => {
        told[`output-${at + 1}`] = on;
      });
      return outputs.map(({ on }) => on);
    };
    const local = (): Answer => ({
      code: words.REPLY.LSTATR,
      data: Uint8Array.of(Number(told.tamper), Number(told['power-lost'])),
    });
    const lines = (code: number, on: readonly boolean[]): Answer => ({
      code,
      data: Uint8Array.from(on, Number),
    });
    const raw = (bits: Uint8Array, format: 0 | 1): Answer => ({
      code: words.REPLY.RAW,
      data: words.rawBytes(bits, format),
    });
    /** Somebody comes by himself. */
    const visit = (up: number): void => {
      visit_up ??= up + COMES_MS;
      if (quirks.get('silent') || up < visit_up) return;
      visit_up = up + COMES_MS;
      queue.push(raw(cardBits(bitsOfNumber(Math.floor(random() * 2 ** 24), 24), '26-bit'), 1));
    };
    const turn = (data: Uint8Array, up: number): Answer | undefined => {
      const output = outputs[data[0] ?? 0];
      const code = data[1] ?? 0;
      if (!output || data.length !== 4 || code > 6) return undefined;
      if (code > 0) {
        output.on = code === 2 || code === 4 || code === 5;
        output.until_up = code > 4 ? up + u16le(data, 2) * words.STEP_MS : 0;
      }
      return lines(words.REPLY.OSTATR, outputsAt(up));
    };

    const obey: Habits['obey'] = (code, data, up) => {
      switch (code) {
        case words.COMMAND.POLL:
          outputsAt(up);
          visit(up);
          return queue.shift() ?? ACK;
        case words.COMMAND.ID:
          return { code: words.REPLY.PDID, data: words.identityBytes(IDENTITY) };
        case words.COMMAND.CAP:
          return { code: words.REPLY.PDCAP, data: concat(CAPABILITIES) };
        case words.COMMAND.LSTAT:
          return local();
        case words.COMMAND.ISTAT:
          return lines(words.REPLY.ISTATR, inputs);
        case words.COMMAND.OSTAT:
          return lines(words.REPLY.OSTATR, outputsAt(up));
        case words.COMMAND.OUT:
          return turn(data, up);
        case words.COMMAND.LED:
          return data.length === 14 ? ACK : undefined;
        case words.COMMAND.BUZ:
          return data.length === 5 ? ACK : undefined;
        case words.COMMAND.COMSET:
          if (data.length !== 5) return undefined;
          told.address = data[0] ?? 0;
          return { code: words.REPLY.COM, data: data.slice() };
        default:
          return undefined;
      }
    };
    const unit = openPeripheral({
      obey,
      address: () => address,
      secured: () => options.channel === 'secure',
      key: () => (quirks.get('keyed') ? key : undefined),
      keep: (made) => {
        key = made;
        quirks.set('keyed', true);
      },
      id: UNIT_ID,
      plain: () => quirks.get('plain') === true,
      sums: () => quirks.get('sums') === true || options.check === 'sum',
      clear_ack: () => quirks.get('clear_ack') === true,
      busy: () => {
        busy -= 1;
        return busy >= 0;
      },
      // What was read while nobody asked is no business of a door any more.
      forget: () => {
        queue = [];
      },
    });

    const settings: Readonly<Record<string, (value: unknown) => void>> = {
      card: (hex) => queue.push(raw(cardBits(bitsOfNumber(Number.parseInt(`${hex}`, 16), 24), '26-bit'), 1)),
      bits: (text) => queue.push(raw(bitsOfText(`${text}`), 0)),
      text: (text) =>
        queue.push({
          code: words.REPLY.FMT,
          data: concat([0, 0, `${text}`.length], new TextEncoder().encode(`${text}`)),
        }),
      keys: (keys) => queue.push({ code: words.REPLY.KEYPAD, data: words.keysBytes(`${keys}`) }),
      busy: (count) => {
        busy = Number(count);
      },
      restart: () => unit.restart(),
    };
    const perceive = (name: string, value: unknown): boolean => {
      const input = /^input-(\d)$/.exec(name)?.[1];
      if (name === 'tamper' || name === 'power-lost') {
        told[name] = value === true;
        queue.push(local());
      } else if (input !== undefined && Number(input) <= inputs.length) {
        inputs[Number(input) - 1] = value === true;
        told[name] = value === true;
        queue.push(lines(words.REPLY.ISTATR, inputs));
      } else if (quirks.has(name)) quirks.set(name, value === true);
      else return false;
      return true;
    };
    inputs.forEach((_, at) => {
      told[`input-${at + 1}`] = false;
    });
    outputsAt(0);

    return {
      kind: 'bytes',
      said: () => told,
      set(values: JsonObject) {
        for (const [name, value] of Object.entries(values)) {
          const apply = Object.hasOwn(settings, name) ? settings[name] : undefined;
          if (apply && value === null) quirks.set('silent', true);
          else if (apply) apply(value);
          else if (!perceive(name, value))
            throw new Fault('usage', {
              text: `the simulator has no ${name}; it has ${[...Object.keys(settings), 'tamper', 'power-lost', 'input-n', ...QUIRKS].join(', ')}`,
            });
        }
      },
      receive(bytes, up) {
        const reply = unit.receive(bytes, up);
        // From the next command on it is somewhere else.
        if (typeof told.address === 'number') address = told.address;
        return reply;
      },
      speak: () => undefined,
    };
  },
});

/** Contacts, outputs, LED and buzzer, CRC, AES. */
const CAPABILITIES = [1, 1, 8, 2, 2, 8, 4, 4, 1, 5, 2, 1, 8, 1, 0, 9, 1, 1];

function ownKey({ key, key_is }: Options): Uint8Array | undefined {
  if (key === undefined || key.startsWith('$')) return undefined;
  return key_is === 'site' ? keyOfUnit(keyOfText(key), UNIT_ID) : keyOfText(key);
}
