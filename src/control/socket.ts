import { lstatSync, mkdirSync, rmSync, type Stats } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { Fault } from '../faults/index.ts';

/** sun_path of unix(7) holds 108 bytes with its closing zero; a longer path would be cut off without a word. */
const LONGEST_PATH = 107;

/**
 * Makes the path free to listen on: its folder is made; a socket left by a gateway that died is removed. Faults: control.in-use when
 * somebody answers there, control.bad-socket when something else lies there or the path cannot be used.
 */
export async function makeWay(path: string): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new Fault('control.bad-socket', {
      path,
      reason: `a socket path has at most ${LONGEST_PATH} bytes`,
    });
  }
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw badSocket(path, error);
  }
  const found = lookAt(path);
  if (!found) return;
  if (!found.isSocket())
    throw new Fault('control.bad-socket', { path, reason: 'a file that is no socket lies there' });
  const refusal = await refusalOf(path);
  if (refusal === undefined) throw new Fault('control.in-use', { path });
  // Only a socket that nobody holds open refuses; one that we may not speak to belongs to somebody.
  if (refusal !== 'ECONNREFUSED' && refusal !== 'ENOENT') {
    throw new Fault('control.bad-socket', { path, reason: `somebody else's socket lies there (${refusal})` });
  }
  rmSync(path, { force: true });
}

export const badSocket = (path: string, error: unknown): Fault =>
  new Fault(
    'control.bad-socket',
    { path, reason: error instanceof Error ? error.message : String(error) },
    { cause: error },
  );

function lookAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Why nobody answers on this socket; undefined when somebody does. */
function refusalOf(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
