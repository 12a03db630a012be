import { requests, responses } from 'node-modbus';
import type { ModbusRange, ModbusTable, ModbusWrite } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';

/**
 * Requests and replies as PDUs: function code and data. node-modbus encodes and decodes them; what it would let through (impossible
 * counts, a byte count that lies) is refused here and in the framing. Modbus Application Protocol 1.1b3, chapter 6.
 */
const READS = {
  coil: { Request: requests.ReadCoilsRequestBody, Response: responses.ReadCoilsResponseBody },
  discrete: {
    Request: requests.ReadDiscreteInputsRequestBody,
    Response: responses.ReadDiscreteInputsResponseBody,
  },
  holding: {
    Request: requests.ReadHoldingRegistersRequestBody,
    Response: responses.ReadHoldingRegistersResponseBody,
  },
  input: {
    Request: requests.ReadInputRegistersRequestBody,
    Response: responses.ReadInputRegistersResponseBody,
  },
} as const satisfies Record<ModbusTable, unknown>;

/** Most values of one write; functions 5 and 6 carry exactly one. */
const MOST_WRITTEN = { 5: 1, 6: 1, 15: 1968, 16: 123 } as const satisfies Record<ModbusWrite['fn'], number>;

/** Most bits and registers of one read. */
const mostOf = (table: ModbusTable): number => (table === 'coil' || table === 'discrete' ? 2000 : 125);

/** bus.bad-request for what Modbus cannot carry. */
export function readRequest(range: ModbusRange): Buffer {
  refuseImpossible(range);
  return new READS[range.table].Request(range.at, range.count).createPayload();
}

/** bus.bad-request for what Modbus cannot carry. */
export function writeRequest(write: ModbusWrite): Buffer {
  refuseImpossibleWrite(write);
  const { fn, at, values } = write;
  const value = values[0] ?? 0;
  switch (fn) {
    // node-modbus and others turn any value of function 5 into FF00 or 0000. Here boards keep a pulse length, so the word goes out as it is.
    case 5:
      return Buffer.from([5, at >> 8, at & 0xff, value >> 8, value & 0xff]);
    case 6:
      return new requests.WriteSingleRegisterRequestBody(at, value).createPayload();
    case 15:
      return new requests.WriteMultipleCoilsRequestBody(
        at,
        values.map((bit) => bit !== 0),
      ).createPayload();
    case 16:
      return new requests.WriteMultipleRegistersRequestBody(at, [...values]).createPayload();
  }
}

/** Values of a reply that the framing has found to fit: function and byte count are right. */
export function valuesOf({ table, count }: ModbusRange, reply: Uint8Array): readonly number[] {
  const bytes = Buffer.isBuffer(reply)
    ? reply
    : Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength);
  const values = READS[table].Response.fromBuffer(bytes)?.valuesAsArray ?? [];
  if (table === 'holding' || table === 'input') return onlyNumbers(values);
  // Bits come in whole bytes. node-modbus gives bits as 0 and 1 though its types say boolean too.
  return Array.from(values, Number).slice(0, count);
}

const onlyNumbers = (values: ArrayLike<number | boolean>): readonly number[] =>
  isNumbers(values) ? values : Array.from(values, Number);

/** node-modbus makes a plain array of what it has read from bytes, and its types do not say so. */
const isNumbers = (values: ArrayLike<number | boolean>): values is readonly number[] =>
  Array.isArray(values) && typeof values[0] === 'number';

/** bus.bad-request for a read that Modbus cannot carry. */
export function refuseImpossible({ table, at, count }: ModbusRange): void {
  const most = mostOf(table);
  if (isWord(at) && Number.isInteger(count) && count >= 1 && count <= most && at + count <= 0x1_0000) return;
  throw new Fault('bus.bad-request', {
    reason: `${count} of ${table} at ${at}; 1..${most} within 0..65535 are possible`,
  });
}

function refuseImpossibleWrite({ fn, at, values }: ModbusWrite): void {
  const most = MOST_WRITTEN[fn];
  const fits = values.length >= 1 && values.length <= most && at + values.length <= 0x1_0000;
  if (isWord(at) && fits && values.every(isWord)) return;
  throw new Fault('bus.bad-request', {
    reason: `function ${fn} with ${values.length} values at ${at}; 1..${most} words within 0..65535 are possible`,
  });
}

const isWord = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 0xffff;
