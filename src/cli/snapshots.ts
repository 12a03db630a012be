import type { KeptFile } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { JsonObject } from '../model/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { json, print, printed, table } from './output.ts';
import { sendFlags, sendOne } from './send.ts';

type Deps = Pick<CliDeps, 'control' | 'user' | 'sha256' | 'writeSecret' | 'out' | 'err'>;

/** `snapshots`: `{"snapshots":[…]}`, each as the control API shows it. */
export const snapshotsCommand = (deps: Pick<Deps, 'control' | 'out'>): Command =>
  command({
    does: 'The pictures that the running gateway keeps, the newest last: when, of which camera, how large, and why.',
    examples: ['snapshots', 'snapshots --json'],
    words: [],
    flags: { ...flags.socket, ...flags.json },
    run: async ({ flags: { socket, json: wanted } }) => {
      const snapshots = await deps.control(socket).snapshots();
      deps.out(wanted ? json({ snapshots }) : `${listText(snapshots)}\n`);
      return 0;
    },
  });

/** `snapshots take`: the command `snapshot` of a camera, through the inbox as any. */
export const snapshotsTakeCommand = (deps: Deps): Command =>
  command({
    does: 'Has a camera take a picture, which the gateway keeps, and says its id.',
    examples: ['snapshots take cam-gate', 'snapshots take cam-gate --reason vandalism --json'],
    words: [{ name: 'DEVICE', about: 'a camera (gatelodge devices)' }],
    flags: sendFlags,
    run: ({ words: [target = ''], flags: given }) =>
      sendOne(deps, { target, name: 'snapshot', args: {} }, given),
  });

/** `snapshots save`: its bytes as they were taken, in a new file of this user alone. */
export const snapshotsSaveCommand = (deps: Deps): Command =>
  command({
    does: 'Writes a picture that is kept into a new file; the audit tells who did.',
    examples: [
      'snapshots save 01926b0a-7d21-7c3e-9b40-2f8a61c05e77 gate.jpg',
      'snapshots save last gate.jpg',
    ],
    words: [
      { name: 'ID', about: 'of the picture (gatelodge snapshots); last: the newest one' },
      { name: 'FILE', about: 'a file that is not there yet' },
    ],
    flags: { ...flags.socket, ...flags.json },
    run: async ({ words: [asked = '', file = ''], flags: { socket, json: wanted } }) =>
      print(deps, await printed(() => saved(deps, { asked, file, socket })), wanted),
  });

async function saved(
  { control: connect, user, sha256: sumOf, writeSecret }: Deps,
  { asked, file, socket }: { readonly asked: string; readonly file: string; readonly socket: string },
): Promise<{ readonly json: JsonObject; readonly text: string }> {
  const control = connect(socket);
  const all = await control.snapshots();
  const kept = asked === 'last' ? all.at(-1) : all.find((one) => one.id === asked);
  const id = kept?.id ?? asked;
  // The gateway knows whether it ever was.
  const body = await control.saveSnapshot(id, user);
  if (!kept || sumOf(body) !== kept.sha256) throw new Fault('snapshots.damaged', { id });
  writeSecret(file, body);
  const { device, type, bytes, sha256 } = kept;
  return {
    json: { id, file, type, bytes, sha256 },
    text: `${file}: ${bytes} bytes, of ${device} at ${whenText(kept)}`,
  };
}

function listText(all: readonly KeptFile[]): string {
  if (all.length === 0) return 'no picture is kept';
  const rows = all.map((one) => [one.id, whenText(one), one.device, String(one.bytes), one.ref]);
  return table([['id', 'when', 'camera', 'bytes', 'why'], ...rows]);
}

/** With a mark where nobody had told the gateway the time. */
const whenText = ({ unix_ms, clock }: KeptFile): string =>
  `${new Date(unix_ms).toISOString().slice(0, 19)}Z${clock === 'unsynced' ? ' ?' : ''}`;
