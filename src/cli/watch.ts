import type { Watched } from '../control/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import { doorLine } from './doors-text.ts';
import * as flags from './flags.ts';
import { loadLine } from './loads-text.ts';

/** `watch`: one line for each thing that happens, until it is told to stop. `--json`: one JSON object a line, as the control API sends it. */
export const watchCommand = (deps: Pick<CliDeps, 'control' | 'signal' | 'out'>): Command =>
  command({
    does: 'Readings, events, doors, loads and health of the running gateway as they come.',
    examples: ['watch', 'watch air-1 noise-1 --json', 'watch lobby'],
    words: [{ name: 'DEVICE', about: 'only these devices, doors and loads', optional: true, many: true }],
    flags: { ...flags.socket, ...flags.json },
    run: async ({ words, flags: { socket, json } }) => {
      for await (const line of deps.control(socket).watch(words, deps.signal))
        deps.out(json ? `${JSON.stringify(line)}\n` : `${watchLine(line)}\n`);
      return 0;
    },
  });

function watchLine(line: Watched): string {
  switch (line.type) {
    case 'reading': {
      const { device, point, value, quality } = line.reading;
      return `${device}  ${point}  ${value ?? 'no value'}${quality === 'good' ? '' : `  ${quality}`}`;
    }
    case 'event':
      return `${line.event.subject || 'gateway'}  ${line.event.name}  ${JSON.stringify(line.event.fields)}`;
    case 'door':
      return `${line.door.id}  door  ${doorLine(line.door)}`;
    case 'load':
      return `${line.load.id}  load  ${loadLine(line.load)}`;
    case 'health':
      return `health  ${line.facts.map(({ code, subject, maintenance }) => [code, subject, maintenance ? '(in maintenance)' : ''].filter(Boolean).join(' ')).join(', ') || 'all well'}`;
    case 'dropped':
      return `… ${line.count} lines were left out`;
  }
}
