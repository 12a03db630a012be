import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';

/** `simulate`: the far end of every wire, until it is told to stop. */
export const simulateCommand = (deps: Pick<CliDeps, 'simulate'>): Command =>
  command({
    does: 'The far end of every wire of a site: ptys and TCP ports where the gateway expects its devices.',
    examples: [
      'simulate config/sites/demo.yaml',
      'simulate site.yaml --fault noise-1=mute --fault bus-2=late:800@0.1',
    ],
    words: [{ name: 'FILE', about: 'the site file' }],
    flags: {
      ...flags.root,
      fault: {
        value: 'WHAT',
        about: 'device-or-bus=kind[:ms][@share]; later ones as lines on standard input',
        many: true,
      },
      paced: { about: 'replies take the time of a real wire' },
      said: { value: 'FILE', about: 'file that gets what was told, JSON lines' },
    },
    run: async ({ words: [file = ''], flags: { root, fault, paced, said } }) => {
      await deps.simulate({ file, root, faults: fault, paced, said });
      return 0;
    },
  });
