import type { ModbusRange, UnitPlace } from '../contracts/index.ts';
import { asFault, Fault } from '../faults/index.ts';
import { exceptionText, readRequest, readValues, u8, u16be } from '../kit/index.ts';
import { type Survey, settledPlace } from './survey.ts';

/** What a unit holds, or why it is not known. */
export type Words = readonly number[] | Fault;

/** What a unit holds there, asked once. */
export async function wordsAt(survey: Survey, place: UnitPlace, range: ModbusRange): Promise<Words> {
  const asked = readRequest(range);
  const told = await survey.ask({ ...settledPlace(place), pdu: asked });
  if (told.outcome === 'silence') return unitFault(survey, place, 'bus.no-reply', {});
  if (told.outcome === 'damaged') return unitFault(survey, place, 'bus.bad-reply', { reason: 'damaged' });
  const refusal = refusalIn(survey, place, { asked, told: told.pdu });
  if (refusal) return refusal;
  try {
    return readValues(told.pdu).slice(0, range.count);
  } catch (error) {
    return asFault(error);
  }
}

/** An answer that is an exception, as a fault. */
export function refusalIn(
  survey: Survey,
  place: UnitPlace,
  { asked, told }: { readonly asked: Uint8Array; readonly told: Uint8Array },
): Fault | undefined {
  const fn = u8(told, 0);
  if (fn < 0x80) return undefined;
  const exception = u8(told, 1);
  const text = exceptionText(exception);
  return unitFault(survey, place, 'bus.exception', { fn: fn & 0x7f, at: u16be(asked, 1), exception, text });
}

export const unitFault = (
  { wait_ms: timeout_ms }: Survey,
  { unit }: UnitPlace,
  code: 'bus.no-reply' | 'bus.bad-reply' | 'bus.exception',
  facts: Readonly<Record<string, string | number>>,
): Fault => new Fault(code, { bus: 'the wire', unit, timeout_ms, sent: true, ...facts });

/** One range after the other, as `ModbusLink.readAll`: rejects only when the unit gave nothing at all. */
export async function readEach(
  ranges: readonly ModbusRange[],
  read: (range: ModbusRange) => Promise<Words>,
): Promise<readonly Words[]> {
  const answers: Words[] = [];
  for (const range of ranges) answers.push(await read(range));
  const [first] = answers;
  if (first instanceof Fault && answers.every((answer) => answer instanceof Fault)) throw first;
  return answers;
}
