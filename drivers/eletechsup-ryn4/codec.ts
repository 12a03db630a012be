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
const ON_FOR = 0x0600;
/**
 * On for no time. The plain command for off (0x0200) does not end a timer that is running, and the relay stays on; this one
 * switches off at once and ends it too.
 */
const OFF = 0x0600;

/** Relay 1 is register 0, whatever the manual says; on the R421A08 of the same maker it is register 1. */
const registerOf = (channel: number): number => channel - 1;

/** Read as coils: the R421A08 does not know that function. */
export const relayRange = (channels: number): ModbusRange => ({ table: 'coil', at: 0, count: channels });

export const switchRelay = (channel: number, on: boolean): ModbusWrite => ({
  fn: 6,
  at: registerOf(channel),
  values: [on ? ON : OFF],
});

/** A command for each relay, carried out together. */
export const writeAll = (on: readonly boolean[]): ModbusWrite => ({
  fn: 16,
  at: registerOf(1),
  values: on.map((each) => (each ? ON : OFF)),
});

/** Whole seconds in the low byte. */
export const timer: BoardTimer = {
  step_ms: 1000,
  max_ms: 255_000,
  write: (channel, steps) => ({ fn: 6, at: registerOf(channel), values: [ON_FOR + steps] }),
};

/** Device type, firmware major and minor. */
export const IDENTITY: ModbusRange = { table: 'holding', at: 0x00f0, count: 3 };
/** Address by the switches, baud code, parity. */
export const SETTINGS: ModbusRange = { table: 'holding', at: 0x00fd, count: 3 };
export const BAUDS = [9600, 19_200, 38_400, 115_200] as const;
/** Any board of the family has something there. */
const COMMON: ModbusRange = { table: 'holding', at: 0x0001, count: 1 };
/** A lost reply must not be taken for a register that is not there. */
const TRIES = 3;

/**
 * Throws driver.wrong-device unless a RYN4 answers: on an R421A08 the same bytes would move the relay before. It is known by its
 * device type register, and by telling an address, a baud and a parity that can be.
 */
export async function recognise(link: ModbusLink, call: Call): Promise<void> {
  for (let turn = 0; turn < TRIES; turn += 1) {
    try {
      await link.read(IDENTITY, call);
      return refuseStranger(await link.read(SETTINGS, call));
    } catch (error) {
      if (isFault(error, 'bus.exception')) throw stranger('it has no register 0x00F0 (device type)');
      if (!isFault(error, 'bus.no-reply', 'bus.bad-reply')) throw error;
      // When this is not answered either, nobody is there at all.
      await link.read(COMMON, call);
    }
  }
  throw stranger('it leaves questions for its device type (0x00F0) unanswered, and answers others');
}

function refuseStranger([address = 0, baud = 0, parity = 0]: readonly number[]): void {
  if (address >= 1 && address <= 63 && baud <= 3 && parity <= 2) return;
  throw stranger(`its settings read address ${address}, baud code ${baud}, parity ${parity}`);
}

const stranger = (evidence: string) => new Fault('driver.wrong-device', { expected: 'RYN4', evidence });
