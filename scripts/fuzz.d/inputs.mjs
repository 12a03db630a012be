// Hostile bytes: random ones, and copies of real frames that were damaged; half of those get a good checksum again, so that what lies behind
// the checksum is reached too.

/** Numbers 0..2^32-1 that a seed repeats (xorshift32). */
export function chance(seed) {
  let state = seed >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  return { next, below: (limit) => next() % limit, pick: (list) => list[next() % list.length] };
}

const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff, 0x7d, 0x7e, 0x0a, 0x0d];

export function hostile(random, frames) {
  if (frames.length === 0 || random.below(4) === 0) return noise(random, random.below(80));
  let bytes = [...random.pick(frames)];
  for (let times = random.below(4); times >= 0; times -= 1) bytes = damage(random, bytes, frames);
  const frame = Uint8Array.from(bytes.slice(0, 600));
  if (random.below(2)) random.pick(SEALS)(frame);
  return frame;
}

const noise = (random, length) => Uint8Array.from({ length }, () => random.below(256));

function damage(random, bytes, frames) {
  const at = random.below(bytes.length + 1);
  const some = 1 + random.below(8);
  const kinds = [
    () => bytes.with(at % bytes.length, (bytes[at % bytes.length] ?? 0) ^ (1 << random.below(8))),
    () => bytes.with(at % bytes.length, random.pick(EDGES)),
    () => bytes.toSpliced(at, some),
    () => bytes.toSpliced(at, 0, ...noise(random, some)),
    () => bytes.toSpliced(at, 0, ...bytes.slice(at, at + some)),
    () => bytes.slice(0, at),
    () => [...bytes.slice(0, at), ...random.pick(frames)],
  ];
  return bytes.length === 0 ? [...noise(random, some)] : random.pick(kinds)();
}

const sum = (bytes, from, to) => bytes.subarray(from, to).reduce((total, byte) => total + byte, 0);

/** The checksums of the field: CRC-16 of Modbus, sums of 8 and 16 bits, a complement, an exclusive or. */
const SEALS = [
  (frame) => {
    if (frame.length < 3) return;
    const crc = crc16(frame.subarray(0, -2));
    frame[frame.length - 2] = crc & 0xff;
    frame[frame.length - 1] = crc >> 8;
  },
  (frame) => {
    frame[frame.length - 1] = sum(frame, 0, -1);
  },
  (frame) => {
    frame[frame.length - 1] = -sum(frame, 1, -1);
  },
  (frame) => {
    if (frame.length > 2) frame[frame.length - 2] = sum(frame, 2, -2);
  },
  (frame) => {
    if (frame.length < 3) return;
    const total = sum(frame, 0, -2);
    frame[frame.length - 2] = total >> 8;
    frame[frame.length - 1] = total;
  },
  (frame) => {
    frame[frame.length - 1] = frame.subarray(0, -1).reduce((all, byte) => all ^ byte, 0);
  },
];

function crc16(bytes) {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}
