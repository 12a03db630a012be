import type { ScanWish } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import { type Command, command } from '../args.ts';
import type { CliDeps } from '../deps.ts';
import * as flags from '../flags.ts';
import { print } from '../output.ts';
import { scanText } from './scan-text.ts';
import { settingIn, unitsIn } from './settings.ts';
import { wireFlags, wireOf, wireWord } from './wire.ts';
import { workAt } from './work.ts';

/** `bus scan`: who answers on a wire. */
export const busScanCommand = (deps: CliDeps): Command =>
  command({
    does: 'Who answers on a wire, at which speed, what each looks like, and what does not fit the site file. It listens and reads; nothing is moved or set.',
    examples: [
      'bus scan /dev/serial/by-path/platform-xhci-usb-0:1:1.0-port0',
      'bus scan gates --config /etc/gatelodge/site.yaml',
      'bus scan /dev/ttyUSB0 --at 4800 --unit 1-16',
      'bus scan 192.168.1.50:502 --json',
    ],
    words: [wireWord],
    flags: {
      at: { value: 'SPEED', about: 'only this speed: 9600, 19200-8E1; default: the likely ones', many: true },
      unit: { value: 'N', about: 'only these addresses: 5, 1-16', many: true },
      quick: { about: 'likely addresses only' },
      full: { about: 'every address at every speed, with three questions each: up to an hour' },
      bare: { about: 'units are not asked what they are' },
      anyway: { about: 'also where another master speaks, or a sensor by itself' },
      'wait-ms': { value: 'MS', about: 'how long a unit is waited for; default 150, over a network 500' },
      ...wireFlags,
      ...flags.json,
    },
    run: async ({ words: [word = ''], flags: given }) => {
      const wish = wishIn(given);
      const wire = await wireOf(deps, word, { ...given, at: given.at[0] });
      const report = await workAt(deps, wire, (field, watch) => field.scan(wish, watch));
      return print(deps, { json: { ...report }, text: scanText(report), exit: 0 }, given.json);
    },
  });

interface Given {
  readonly at: readonly string[];
  readonly unit: readonly string[];
  readonly quick: boolean;
  readonly full: boolean;
  readonly bare: boolean;
  readonly anyway: boolean;
  readonly 'wait-ms': string | undefined;
}

function wishIn({ at, unit, quick, full, bare, anyway, 'wait-ms': wait }: Given): ScanWish {
  if (quick && full) throw new Fault('usage', { text: '--quick and --full do not go together' });
  if (wait !== undefined && !/^[1-9]\d{0,4}$/.test(wait))
    throw new Fault('usage', { text: `--wait-ms is ${wait}; 1 to 99999 is expected` });
  return {
    ...(at.length > 0 && { settings: at.map((text) => settingIn('at', text)) }),
    ...(unit.length > 0 && { units: [...new Set(unit.flatMap((text) => unitsIn('unit', text)))] }),
    depth: quick ? 'quick' : full ? 'full' : 'usual',
    identify: !bare,
    anyway,
    ...(wait !== undefined && { wait_ms: Number(wait) }),
  };
}
