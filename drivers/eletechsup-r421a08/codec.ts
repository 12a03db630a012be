import {
  type BoardTimer,
  type Call,
  Fault,
  isFault,
  type ModbusLink,
  type ModbusRange,
  type ModbusWrite,
} from '#kit';

/** Commands of the R4 family: the high byte of what is written to a relay's register. Reading it gives 1 or 0 instead. */
const ON = 0x0100;
const OFF = 0x0200;
const ON_FOR = 0x0600;
const ALL_ON = 0x0700;
const ALL_OFF = 0x0800;
/** Its commands for all relays at once. */
const ALL_REGISTER = 0x0000;

/** Relay 1 is register 1: on the RYN4 boards of the same maker it is register 0. */
export const relayRange = (channels: number): ModbusRange => ({ table: 'holding', at: 1, count: channels });

export const switchRelay = (channel: number, on: boolean): ModbusWrite => ({
  fn: 6,
  at: channel,
  values: [on ? ON : OFF],
});

/** All on or all off; any other pattern has no write of its own. */
export function writeAll(on: readonly boolean[]): ModbusWrite | undefined {
  if (on.every(Boolean)) return { fn: 6, at: ALL_REGISTER, values: [ALL_ON] };
  return on.some(Boolean) ? undefined : { fn: 6, at: ALL_REGISTER, values: [ALL_OFF] };
}

/** Whole seconds in the low byte. */
export const timer: BoardTimer = {
  step_ms: 1000,
  max_ms: 255_000,
  write: (channel, steps) => ({ fn: 6, at: channel, values: [ON_FOR + steps] }),
};

/** A RYN4 keeps its device type and its settings here; this board has nothing there. */
const DEVICE_TYPE: ModbusRange = { table: 'holding', at: 0x00f0, count: 1 };
const ADDRESS_BAUD_PARITY: ModbusRange = { table: 'holding', at: 0x00fd, count: 3 };
/** A lost reply must not be taken for a register that is not there. */
const TRIES = 3;

/**
 * Throws driver.wrong-device when a RYN4 answers: there the same bytes would move the next relay. A board that refuses its device type,
 * or leaves the question unanswered while it answers others, is none.
 */
export async function recognise(link: ModbusLink, channels: number, call: Call): Promise<void> {
  await link.read(relayRange(channels), call);
  for (let turn = 0; turn < TRIES; turn += 1) {
    try {
      await link.read(DEVICE_TYPE, call);
      return await refuseRyn4(link, call);
    } catch (error) {
      if (isFault(error, 'bus.exception')) return;
      if (!isFault(error, 'bus.no-reply', 'bus.bad-reply')) throw error;
      await link.read(relayRange(channels), call);
    }
  }
}

async function refuseRyn4(link: ModbusLink, call: Call): Promise<void> {
  const [address = 0, baud = 0, parity = 0] = await link.read(ADDRESS_BAUD_PARITY, call);
  // A board that answers zeros to anything is no RYN4: that one tells its own address.
  if (address < 1 || address > 63 || baud > 3 || parity > 2) return;
  throw new Fault('driver.wrong-device', {
    expected: 'R421A08',
    evidence: `it has the settings of a RYN4 (address ${address}), whose relay 1 is register 0`,
  });
}
