/** Device, point, door and zone ids: contract, Identity. They never change meaning and are not reused. */
export const ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** Point ids may also hold an underscore, as units and particle sizes are written (`pm2_5`). */
export const POINT_PATTERN = /^[a-z0-9][a-z0-9_-]{0,39}$/;

export const isId = (text: string): boolean => ID_PATTERN.test(text);
export const isPointId = (text: string): boolean => POINT_PATTERN.test(text);

/** UUIDv7 (RFC 9562): unix ms, then 10 random bytes. */
export function uuid7(unix_ms: number, random: Uint8Array): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.floor(unix_ms), 0, 6);
  bytes.set(random.subarray(0, 10), 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}
