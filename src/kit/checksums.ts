/** Checksums of field devices. All take the bytes they cover and nothing else; all are pure. */

/** CRC-16/MODBUS: polynomial 0x8005 reflected, init 0xFFFF. On the wire the low byte comes first. */
export function crc16Modbus(bytes: Uint8Array, from = 0, to: number = bytes.length): number {
  let crc = 0xffff;
  for (let index = from; index < to; index += 1) {
    crc = (crc >>> 8) ^ (MODBUS_TABLE[(crc ^ (bytes[index] ?? 0)) & 0xff] ?? 0);
  }
  return crc;
}

/** The same bytes with their Modbus CRC appended, low byte first. */
export function withCrc16(bytes: Uint8Array): Uint8Array {
  const framed = new Uint8Array(bytes.length + 2);
  framed.set(bytes);
  const crc = crc16Modbus(bytes);
  framed[bytes.length] = crc & 0xff;
  framed[bytes.length + 1] = crc >>> 8;
  return framed;
}

/** A frame whose last two bytes are its own Modbus CRC. A frame of four bytes is the shortest there is. */
export function hasCrc16(frame: Uint8Array): boolean {
  if (frame.length < 4) return false;
  const end = frame.length - 2;
  return crc16Modbus(frame, 0, end) === ((frame[end] ?? 0) | ((frame[end + 1] ?? 0) << 8));
}

/** CRC-16 with polynomial 0x1021, not reflected: init 0 is XMODEM (GM65 scanners), 0x1D0F is OSDP. */
export function crc16Ccitt(bytes: Uint8Array, init: number): number {
  let crc = init;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}

/** Sum of the bytes, low 8 bits. */
export const sum8 = (bytes: Uint8Array): number => sum(bytes) & 0xff;

/** Sum of the bytes, low 16 bits. */
export const sum16 = (bytes: Uint8Array): number => sum(bytes) & 0xffff;

/** What must be added to the byte sum so that its low 8 bits are zero (Winsen, OSDP's short form). */
export const twosComplement8 = (bytes: Uint8Array): number => -sum(bytes) & 0xff;

/** The byte sum's low 8 bits, inverted (Sensirion SHDLC). */
export const onesComplement8 = (bytes: Uint8Array): number => ~sum(bytes) & 0xff;

/** All bytes xor-ed (RDM6300). */
export const xor8 = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total ^ byte, 0);

function sum(bytes: Uint8Array): number {
  let total = 0;
  for (const byte of bytes) total += byte;
  return total;
}

const MODBUS_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  return crc;
});
