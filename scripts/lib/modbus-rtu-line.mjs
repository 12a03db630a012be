// A serial line with one Modbus unit on it, paced as a UART would: a pty whose far side takes the time of every character. The request needs
// its time on the wire, the unit waits t3.5, and each byte of the reply arrives when its last bit would. Runs in a process of its
// own and in one loop without an event loop, which keeps time to about a tenth of a millisecond.
//   node modbus-rtu-line.mjs BAUD
// Prints the path of the port, then a line for each exchange: ms of silence that the master kept before it, and ms by which this line itself
// was late with the last byte of the reply.
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import koffi from 'koffi';

const baud = Number(process.argv[2]);
const BITS = 10;
const char_ms = (BITS * 1000) / baud;
/** Modbus over serial line 1.02, 2.5.1.1: counted in characters of eleven bits, fixed above 19200. */
const gap_ms = baud > 19_200 ? 1.75 : (3.5 * 11 * 1000) / baud;
const REQUEST_BYTES = 8;
const SHORT_MS = 0.1;
const IDLE_MS = 1;

const master = openPair();
const cell = new Int32Array(new SharedArrayBuffer(4));
const sleep = (ms) => Atomics.wait(cell, 0, 0, ms);
const input = Buffer.alloc(256);
let heard = Buffer.alloc(0);
let ended = 0;

for (;;) {
  const chunk = read();
  const now = performance.now();
  if (chunk) heard = Buffer.concat([heard, chunk]);
  if (heard.length >= REQUEST_BYTES) {
    const request = heard.subarray(0, REQUEST_BYTES);
    heard = heard.subarray(REQUEST_BYTES);
    const silence_ms = ended ? now - ended : Number.NaN;
    const late_ms = speak(replyTo(request), now + REQUEST_BYTES * char_ms + gap_ms);
    ended = performance.now();
    writeSync(1, `${silence_ms.toFixed(3)} ${late_ms.toFixed(3)}\n`);
  } else sleep(now - ended < 100 ? SHORT_MS : IDLE_MS);
}

/** Each byte at its time; tells how late the last one was. */
function speak(bytes, begin) {
  let told = 0;
  while (told < bytes.length) {
    const due = Math.min(bytes.length, Math.floor((performance.now() - begin) / char_ms));
    if (due > told) writeSync(master, bytes, told, due - told);
    told = Math.max(told, due);
    if (told < bytes.length)
      sleep(Math.max(0, Math.min(SHORT_MS, begin + (told + 1) * char_ms - performance.now())));
  }
  return performance.now() - (begin + bytes.length * char_ms);
}

function replyTo(request) {
  const count = request.readUInt16BE(4);
  const reply = Buffer.alloc(5 + 2 * count);
  reply[0] = request[0];
  reply[1] = request[1];
  reply[2] = 2 * count;
  for (let index = 0; index < count; index += 1) reply.writeUInt16BE(7 * index, 3 + 2 * index);
  reply.writeUInt16LE(crc(reply.subarray(0, -2)), reply.length - 2);
  return reply;
}

function crc(bytes) {
  let sum = 0xffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xa001 : sum >>> 1;
  }
  return sum;
}

function read() {
  try {
    const length = readSync(master, input);
    return length ? Buffer.from(input.subarray(0, length)) : undefined;
  } catch (error) {
    if (error.code === 'EAGAIN' || error.code === 'EIO') return undefined;
    throw error;
  }
}

function openPair() {
  const libc = koffi.load(null);
  const fd = libc.func('int posix_openpt(int flags)')(
    constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK,
  );
  libc.func('int grantpt(int fd)')(fd);
  libc.func('int unlockpt(int fd)')(fd);
  const name = Buffer.alloc(128);
  libc.func('int ptsname_r(int fd, void *buf, size_t len)')(fd, name, name.length);
  const path = name.toString('utf8', 0, name.indexOf(0));
  // Raw, else what is written before the master has set its port would come back; kept open, else the far side would see a hang-up.
  const slave = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  const termios = Buffer.alloc(128);
  libc.func('int tcgetattr(int fd, void *termios)')(slave, termios);
  libc.func('void cfmakeraw(void *termios)')(termios);
  libc.func('int tcsetattr(int fd, int when, void *termios)')(slave, 0, termios);
  process.on('exit', () => closeSync(slave));
  writeSync(1, `${path}\n`);
  return fd;
}
