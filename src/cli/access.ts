import type { AccessView } from '../control/index.ts';
import { Fault } from '../faults/index.ts';
import type { JsonObject } from '../model/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { print, printed } from './output.ts';

/** `access load`: who may pass, where no platform brings it. */
export const accessLoadCommand = (deps: Pick<CliDeps, 'control' | 'readText' | 'out' | 'err'>): Command =>
  command({
    does: 'Gives the running gateway a signed list of credentials; it holds as soon as its last page is there, and is kept.',
    examples: ['access load residents.jws'],
    words: [
      {
        name: 'FILE',
        about: 'pages signed by a key of trust.lists, one a line: a JWS, or the message with it',
      },
    ],
    flags: { ...flags.socket, ...flags.json },
    run: async ({ words: [file = ''], flags: { socket, json } }) => {
      const pages = deps
        .readText(file)
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean)
        .map(pageIn);
      if (pages.length === 0) throw new Fault('usage', { text: `${file} has no page: one JWS a line` });
      const said = await printed(async () => {
        const control = deps.control(socket);
        let last: AccessView = { verdict: 'known' };
        for (const page of pages) {
          last = await control.takeAccess(page);
          if (last.verdict === 'refused') break;
        }
        // What was not said is left out, as JSON does.
        const view: JsonObject = JSON.parse(JSON.stringify(last));
        return { json: view, text: textOf(last) };
      });
      print(deps, said, json);
      return ['in-force', 'known'].includes(String(said.json.verdict)) ? 0 : 1;
    },
  });

/** A JWS, or the message that carries one. */
function pageIn(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const { jws } = JSON.parse(line);
    return typeof jws === 'string' ? jws : line;
  } catch {
    return line;
  }
}

function textOf({ verdict, version, count, missing, reason }: AccessView): string {
  switch (verdict) {
    case 'in-force':
      return `version ${version} is in force, with ${count} credentials`;
    case 'more':
      return `${missing} of its pages are missing; the list before is in force`;
    case 'known':
      return 'this version is in force already';
    case 'refused':
      return `refused: ${reason}`;
  }
}
