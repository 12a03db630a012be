import { type CommandDef, defineCommand } from 'citty';
import type { ReceiverView, Verdict } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { CliDeps } from './deps.ts';
import { parseSpan, table } from './output.ts';

const REDRAW_MS = 1000;

/** `receive`: the platform's side. Exit code 0 when everything is whole. `--json` gives a line `{"view"}` a second, and `{"verdict"}` last. */
export function receiveCommand(deps: CliDeps, exit: (code: 0 | 1 | 2) => void): CommandDef {
  const command = defineCommand({
    meta: {
      name: 'receive',
      description:
        "The platform's side: stores, acknowledges, checks.  gatelodge receive --url mqtt://127.0.0.1 --db records.jsonl",
    },
    args: {
      url: { type: 'string', description: 'mqtt:// or mqtts:// of the broker', required: true },
      db: { type: 'string', description: 'file of what was received' },
      version: { type: 'string', description: 'MQTT 5 or 4 (3.1.1)', default: '5' },
      prefix: { type: 'string', description: 'topic prefix' },
      for: { type: 'string', description: 'end after this (60s, 5min), with a verdict' },
      json: { type: 'boolean', description: 'for machines; shapes in src/cli/README.md' },
    },
    run: async ({ args }) => {
      const ms = args.for === undefined ? Number.POSITIVE_INFINITY : parseSpan(args.for);
      if (ms === undefined)
        throw new Fault('usage', { text: `--for is ${args.for}; 60s, 5min or 2h is expected` });
      const receiver = await deps.receiver({
        url: args.url,
        version: args.version === '4' ? 4 : 5,
        ...(args.db !== undefined && { db: args.db }),
        ...(args.prefix !== undefined && { prefix: args.prefix }),
      });
      for (let left = ms; left > 0 && !deps.signal.aborted; left -= REDRAW_MS) {
        await Promise.race([deps.sleep('receive', Math.min(left, REDRAW_MS)), receiver.failed]);
        if (args.json) deps.out(`${JSON.stringify({ view: receiver.view() })}\n`);
        else deps.out(`${deps.isTerminal ? '\u001b[2J\u001b[H' : ''}${viewText(receiver.view())}\n`);
      }
      await receiver.close();
      const verdict = receiver.verdict();
      deps.out(args.json ? `${JSON.stringify({ verdict })}\n` : verdictText(verdict));
      exit(verdict.whole ? 0 : 1);
    },
  });
  // The library's type of a command without arguments is not that of one with.
  return command as unknown as CommandDef;
}

export function viewText({ gateways, connected, trouble }: ReceiverView): string {
  if (gateways.length === 0) return connected ? 'no gateway has spoken yet' : `not connected: ${trouble}`;
  return gateways
    .map(({ gateway, site, online, records, devices }) => {
      const rows = devices.map(({ device, points }) => [
        `  ${device}`,
        points
          .slice(0, 4)
          .map(
            ({ point, value, unit, quality }) =>
              `${point} ${value ?? '–'}${unit ? ` ${unit}` : ''}${quality === 'good' || quality === 'simulated' ? '' : ` (${quality})`}`,
          )
          .join('   '),
      ]);
      return `${site} ${gateway}: ${online ? 'online' : 'offline'}, ${records} records\n${rows.length ? table(rows) : ''}`;
    })
    .join('\n');
}

export function verdictText(verdict: Verdict): string {
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
