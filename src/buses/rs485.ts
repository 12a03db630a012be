import { closeSync, constants, openSync } from 'node:fs';
import koffi from 'koffi';
import type { SerialSettings } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';

/** linux/serial.h: TIOCSRS485 and the flags of struct serial_rs485. */
const TIOCSRS485 = 0x542f;
const ENABLED = 1;
const RTS_ON_SEND = 2;
const RTS_AFTER_SEND = 4;
const STRUCT_BYTES = 32;

/** struct serial_rs485: flags, delay before and after sending in ms, then padding; all 32 bit in the machine's order. */
export function rs485Struct(settings: NonNullable<SerialSettings['rs485']>): Buffer {
  const bytes = Buffer.alloc(STRUCT_BYTES);
  bytes.writeUInt32LE(ENABLED | (settings.rts_on_send ? RTS_ON_SEND : RTS_AFTER_SEND), 0);
  bytes.writeUInt32LE(settings.delay_before_ms, 4);
  bytes.writeUInt32LE(settings.delay_after_ms, 8);
  return bytes;
}

/** Lets the kernel switch the direction of the driver by RTS. The setting belongs to the port, not to the descriptor. */
export function directRs485(path: string, settings: NonNullable<SerialSettings['rs485']>): void {
  const ioctl = koffi.load(null).func('int ioctl(int fd, unsigned long request, void *argument)');
  const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  try {
    if (ioctl(fd, TIOCSRS485, rs485Struct(settings)) === 0) return;
    throw new Fault('bus.rs485', { path, reason: `ioctl gave errno ${koffi.errno()}` });
  } finally {
    closeSync(fd);
  }
}
