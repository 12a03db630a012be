import type { Call, Decoded, ModbusLink, ModbusRange, ModbusWrite } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { PointSpecs, Sample, Value } from '../model/index.ts';
import { readModbus } from './modbus-frame.ts';
import { holdsBits } from './modbus-pdu.ts';
import { type Place, placeOf, valueAt, wordsFor } from './register-place.ts';
import { type MapDefaults, type PointsOf, pointOf, type RegisterTable } from './register-table.ts';

/** Everything a device that is only a register map needs, from one table. */
export interface RegisterMap<P extends PointSpecs> {
  readonly points: P;
  /** One range per place, ascending; the bus reads neighbours together and learns the holes. */
  readonly ranges: readonly ModbusRange[];
  /** The ranges as they are read when nothing is refused. */
  readonly blocks: readonly ModbusRange[];
  /** What one poll costs on an RTU wire. */
  readonly cost: readonly { readonly request_bytes: number; readonly reply_bytes: number }[];
  /** Reads all and decodes. A refused range leaves its points out; throws only when every range failed. */
  read(link: ModbusLink, call: Call): Promise<Sample<P>>;
  /** The points that lie wholly within values read from `at` on. */
  decodeRange(range: Pick<ModbusRange, 'table' | 'at'>, values: readonly number[]): Sample<P>;
  /** A sniffed frame. A reply without its request is taken for a whole poll, else driver.needs-request. */
  decodeFrame(frame: Uint8Array, request?: Uint8Array): Decoded;
  /** How a value is written. Fault command.bad-args when the point is not writable or the value does not fit. */
  encode(point: string, value: Value): ModbusWrite;
  /** Puts a value into a bank of registers, as the device would hold it; null puts the first sentinel. */
  store(point: string, value: Value | null, bank: WordBank): void;
}

/** Registers (or bits) by table and address. */
export interface WordBank {
  get(table: ModbusRange['table'], at: number): number;
  set(table: ModbusRange['table'], at: number, word: number): void;
}

/** Throws driver.bad-definition when a row cannot be right. */
export function registerMap<const T extends RegisterTable>(
  table: T,
  defaults: MapDefaults = {},
): RegisterMap<PointsOf<T>> {
  const places = Object.entries(table).map(([name, row]) => placeOf(name, row, defaults));
  const byName = new Map(places.map((place) => [place.name, place]));
  const ranges = distinct(places.map(({ range }) => range));
  const blocks = joined(ranges);
  const sample = (entries: readonly (readonly [string, Value | null])[]): Sample<PointsOf<T>> =>
    // The entries were made from the rows of this very table, so names and kinds are those of its points.
    Object.fromEntries(entries) as Sample<PointsOf<T>>;

  const map: RegisterMap<PointsOf<T>> = {
    // Each row gives the point of its own kind (`pointOf`), which is what PointsOf says in types.
    points: Object.fromEntries(
      Object.entries(table).map(([name, row]) => [name, pointOf(row)]),
    ) as PointsOf<T>,
    ranges,
    blocks,
    cost: blocks.map(({ table: kind, count }) => ({
      request_bytes: 8,
      reply_bytes: 5 + (holdsBits(kind) ? Math.ceil(count / 8) : 2 * count),
    })),
    async read(link, call) {
      const answers = await link.readAll(ranges, call);
      const failed = answers.find((answer) => answer instanceof Error);
      if (failed && answers.every((answer) => answer instanceof Error)) throw failed;
      return sample(
        ranges.flatMap((range, index) => {
          const words = answers[index];
          return !words || words instanceof Error ? [] : decode(places, range, words);
        }),
      );
    },
    decodeRange: (range, values) => sample(decode(places, range, values)),
    decodeFrame: (frame, request) =>
      decodeFrame(frame, request, blocks, (range, values) => decode(places, range, values)),
    encode(point, value) {
      const place = byName.get(point);
      if (!place?.row.write)
        throw new Fault('command.bad-args', { target: point, name: 'write', text: 'it is not writable' });
      return writeOf(place, value);
    },
    store(point, value, bank) {
      const place = byName.get(point);
      if (!place) throw new Fault('driver.value', { point, got: value, expected: 'a point of this map' });
      const { table: kind, at, count } = place.range;
      const before = Array.from({ length: count }, (_, offset) => bank.get(kind, at + offset));
      wordsFor(place, value, before).forEach((word, offset) => {
        bank.set(kind, at + offset, word);
      });
    },
  };
  return map;
}

function decode(
  places: readonly Place[],
  range: Pick<ModbusRange, 'table' | 'at'>,
  values: readonly number[],
): (readonly [string, Value | null])[] {
  return places.flatMap((place) => {
    const from = place.range.at - range.at;
    const inside =
      place.range.table === range.table && from >= 0 && from + place.range.count <= values.length;
    return inside
      ? [[place.name, valueAt(place, values.slice(from, from + place.range.count))] as const]
      : [];
  });
}

function decodeFrame(
  frame: Uint8Array,
  request: Uint8Array | undefined,
  blocks: readonly ModbusRange[],
  points: (
    range: Pick<ModbusRange, 'table' | 'at'>,
    values: readonly number[],
  ) => readonly (readonly [string, Value | null])[],
): Decoded {
  const said = readModbus(frame, request);
  if (said.kind !== 'values') return { points: {}, note: noteOf(said) };
  const { table, values } = said;
  const at = said.at ?? blockOf(table, values.length, blocks).at;
  const found = points({ table, at }, values);
  const where = `${values.length} of ${table} from ${at}`;
  return found.length
    ? { points: Object.fromEntries(found) }
    : { points: {}, note: `${where}: ${values.join(' ')}` };
}

/** A reply does not say which registers it holds; when it has just the size of a whole poll, it is taken for one. */
function blockOf(table: ModbusRange['table'], length: number, blocks: readonly ModbusRange[]): ModbusRange {
  const fitting = blocks.filter(
    (block) =>
      block.table === table && (holdsBits(table) ? 8 * Math.ceil(block.count / 8) : block.count) === length,
  );
  const [only] = fitting;
  if (!only || fitting.length > 1) throw new Fault('driver.needs-request', { count: length, table });
  return only;
}

/** One line for a frame that carries no values. */
export function noteOf(said: Exclude<ReturnType<typeof readModbus>, { kind: 'values' }>): string {
  if (said.kind === 'read')
    return `asks for ${said.range.count} of ${said.range.table} from ${said.range.at}`;
  if (said.kind === 'written') return `acknowledges function ${said.fn}: ${said.count} from ${said.at}`;
  const { fn, at, values } = said.write;
  return `writes (function ${fn}) at ${at}: ${values.join(' ')}`;
}

function writeOf(place: Place, value: Value): ModbusWrite {
  const { table, at } = place.range;
  const words = wordsFor(place, value, undefined);
  if (table === 'coil') return { fn: 5, at, values: [words[0] ? 0xff00 : 0] };
  return { fn: words.length === 1 ? 6 : 16, at, values: words };
}

const order = (x: ModbusRange, y: ModbusRange): number =>
  x.table.localeCompare(y.table) || x.at - y.at || x.count - y.count;

function distinct(ranges: readonly ModbusRange[]): ModbusRange[] {
  const seen = new Map(ranges.map((range) => [`${range.table} ${range.at} ${range.count}`, range]));
  return [...seen.values()].sort(order);
}

/** Adjacent and overlapping ranges as one, within what one request may ask (125 registers, 2000 bits). */
function joined(ranges: readonly ModbusRange[]): ModbusRange[] {
  const blocks: ModbusRange[] = [];
  for (const range of ranges) {
    const last = blocks.at(-1);
    const end = Math.max(last ? last.at + last.count : 0, range.at + range.count);
    const most = holdsBits(range.table) ? 2000 : 125;
    if (last && last.table === range.table && range.at <= last.at + last.count && end - last.at <= most) {
      blocks[blocks.length - 1] = { ...last, count: end - last.at };
    } else blocks.push(range);
  }
  return blocks;
}
