import type { Adapter } from '../../contracts/index.ts';
import { type Command, command } from '../args.ts';
import type { CliDeps } from '../deps.ts';
import * as flags from '../flags.ts';
import { type Printed, print, table } from '../output.ts';

/** `bus list`: what one can plug a wire into. */
export const busListCommand = (deps: Pick<CliDeps, 'adapters' | 'out' | 'err'>): Command =>
  command({
    does: 'The serial ports of this machine, and the name that a site file should use for each.',
    examples: ['bus list', 'bus list --json'],
    words: [],
    flags: { ...flags.json },
    run: async ({ flags: { json } }) => print(deps, listPorts(deps.adapters()), json),
  });

/** `bus list`: `{"ports":[{"port","by_path","by_id","driver","usb","twins","use"}]}`. */
function listPorts(adapters: readonly Adapter[]): Printed {
  const ports = adapters.map((adapter) => ({ ...adapter, use: adapter.by_path ?? adapter.port }));
  return { json: { ports: ports.map((one) => ({ ...one })) }, text: pageOf(ports), exit: 0 };
}

function pageOf(ports: readonly (Adapter & { readonly use: string })[]): string {
  if (ports.length === 0)
    return 'There is no serial port. A USB adapter that was just plugged in needs a second; one that never shows has no driver or no power.';
  const rows = ports.map(({ use, port, driver = '', usb }) => [
    use,
    port,
    driver,
    usb ? nameOf(usb) : 'built in',
  ]);
  const lines = [table([['path for the site file', 'now', 'driver', 'adapter'], ...rows])];
  const twins = ports.filter((one) => one.twins.length > 0);
  if (twins.length > 0) {
    lines.push(
      '',
      `${twins.map(({ port }) => port).join(', ')} say the same of themselves, so a by-id name stands for whichever was plugged in last.`,
      'Use the by-path names, and label the sockets.',
    );
  }
  return lines.join('\n');
}

const nameOf = ({ vendor, product, name, serial }: NonNullable<Adapter['usb']>): string =>
  [`${vendor}:${product}`, name, serial && `(serial ${serial})`].filter(Boolean).join(' ');
