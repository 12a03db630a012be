import { Fault } from '../faults/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';

/** `run`: the daemon, until it is told to stop. Nothing is made when the site file is not accepted. */
export const runCommand = (deps: Pick<CliDeps, 'run'>): Command =>
  command({
    does: 'The daemon.',
    examples: ['run --config /etc/gatelodge/site.yaml'],
    words: [],
    flags: {
      config: { value: 'FILE', about: 'the site file', required: true },
      ...flags.root,
      log: { value: 'LEVEL', about: 'debug, info, warn, error or silent', default: 'info' },
      'keys-fd': {
        value: 'NUMBER',
        about: 'descriptor that gets the keys of durable records, for trials',
      },
    },
    run: async ({ flags: { config, root, log, 'keys-fd': descriptor } }) => {
      const keys_fd = descriptor === undefined ? undefined : Number(descriptor);
      if (keys_fd !== undefined && !(Number.isInteger(keys_fd) && keys_fd > 2))
        throw new Fault('usage', { text: `--keys-fd is ${descriptor}; a number above 2 is expected` });
      await deps.run({ file: config, root, log_level: log, keys_fd });
      return 0;
    },
  });
