import type { ReceivedFile, ReceiverView, Verdict } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { parseSpan, table } from './output.ts';

const REDRAW_MS = 1000;

/** `receive`: the platform's side. Exit code 0 when everything is whole. `--json` gives a line `{"view"}` a second, and `{"verdict"}` last. */
export const receiveCommand = (deps: CliDeps): Command =>
  command({
    does: "The platform's side: stores what gateways send, acknowledges it, and checks that it is whole.",
    examples: [
      'receive --url mqtt://127.0.0.1 --db records.jsonl --for 60s',
      'receive --url mqtts://broker.example --username platform --password-file /etc/platform.password',
    ],
    words: [],
    flags: {
      url: { value: 'URL', about: 'mqtt:// or mqtts:// of the broker', required: true },
      db: { value: 'FILE', about: 'file of what was received; what is in it counts' },
      files: { value: 'FOLDER', about: 'folder of pictures that gateways send on request' },
      version: { value: '5|4', about: 'MQTT 5, or 4 for 3.1.1', default: '5' },
      prefix: { value: 'TOPIC', about: 'topic prefix, when it is not gl/1/{site}/{gateway}' },
      username: { value: 'NAME', about: 'user name at the broker' },
      'password-file': { value: 'FILE', about: 'file that holds the password' },
      ca: { value: 'FILE', about: 'PEM of the authority to trust; default: those of the system' },
      cert: { value: 'FILE', about: 'PEM of our certificate, for mutual TLS' },
      key: { value: 'FILE', about: 'PEM of its key' },
      for: { value: 'TIME', about: 'end after this (60s, 5min), with a verdict' },
      ...flags.json,
    },
    run: async ({ flags: given }) => {
      const ms = given.for === undefined ? Number.POSITIVE_INFINITY : parseSpan(given.for);
      if (ms === undefined) throw usage(`--for is ${given.for}; 60s, 5min or 2h is expected`);
      if (given.version !== '5' && given.version !== '4')
        throw usage(`--version is ${given.version}; 5, or 4 for MQTT 3.1.1, is expected`);
      const text = (name: 'password' | 'ca' | 'cert' | 'key', file: string | undefined) =>
        file === undefined ? {} : { [name]: deps.readText(file).replace(/\r?\n$/, '') };
      const receiver = await deps.receiver({
        url: given.url,
        version: given.version === '4' ? 4 : 5,
        ...(given.db !== undefined && { db: given.db }),
        ...(given.files !== undefined && { files: given.files }),
        ...(given.prefix !== undefined && { prefix: given.prefix }),
        ...(given.username !== undefined && { username: given.username }),
        ...text('password', given['password-file']),
        ...text('ca', given.ca),
        ...text('cert', given.cert),
        ...text('key', given.key),
      });
      for (let left = ms; left > 0 && !deps.signal.aborted; left -= REDRAW_MS) {
        await Promise.race([deps.sleep('receive', Math.min(left, REDRAW_MS)), receiver.failed]);
        if (given.json) deps.out(`${JSON.stringify({ view: receiver.view() })}\n`);
        else deps.out(`${deps.isTerminal ? '\u001b[2J\u001b[H' : ''}${viewText(receiver.view())}\n`);
      }
      await receiver.close();
      const verdict = receiver.verdict();
      deps.out(given.json ? `${JSON.stringify({ verdict })}\n` : verdictText(verdict));
      return verdict.whole ? 0 : 1;
    },
  });

const usage = (text: string): Fault => new Fault('usage', { text });

function viewText({ gateways, connected, trouble }: ReceiverView): string {
  if (gateways.length === 0) return connected ? 'no gateway has spoken yet' : `not connected: ${trouble}`;
  return gateways
    .map(({ gateway, site, online, records, devices, access, files = [] }) => {
      const sent = files.slice(-3).map(fileRow);
      const values = devices.map(({ device, points }) => [
        `  ${device}`,
        points
          .slice(0, 4)
          .map(
            ({ point, value, unit, quality }) =>
              `${point} ${value ?? '–'}${unit ? ` ${unit}` : ''}${quality === 'good' || quality === 'simulated' ? '' : ` (${quality})`}`,
          )
          .join('   '),
      ]);
      const rows = [...values, ...sent];
      return `${site} ${gateway}: ${online ? 'online' : 'offline'}, ${records} records${accessText(access)}\n${rows.length ? table(rows) : ''}`;
    })
    .join('\n');
}

const fileRow = ({ id, size, missing_from }: ReceivedFile): readonly string[] => [
  `  ${id}`,
  missing_from === undefined ? `${size} bytes, whole` : `${missing_from} of ${size} bytes`,
];

/** The list of credentials, where the gateway has told of it. */
function accessText(access: ReceiverView['gateways'][number]['access']): string {
  if (!access) return '';
  const { version, count, pending, refused, standing } = access;
  return [
    `, list ${version} (${count} credentials${standing === 'good' ? '' : `, ${standing}`})`,
    ...(pending ? [`pages ${pending.missing.join(' ')} of ${pending.version} are missing`] : []),
    ...(refused ? [`refused: ${refused.reason}`] : []),
  ].join(', ');
}

function verdictText(verdict: Verdict): string {
  const holes = verdict.gateways.flatMap(({ epochs }) => epochs.flatMap(({ holes }) => holes));
  return [
    verdict.whole ? 'whole: every record is here exactly once' : 'NOT whole',
    `  ${verdict.records} records, ${verdict.duplicates} duplicates dropped, ${holes.length} holes${
      holes.length
        ? ` (${holes
            .slice(0, 5)
            .map(([from, to]) => `${from}..${to}`)
            .join(', ')})`
        : ''
    }`,
    `  ${verdict.batches} batches, ${verdict.bad} bad messages, ${verdict.digests} digests checked, ${verdict.digest_mismatches} do not agree`,
    '',
  ].join('\n');
}
