import type { DeviceStatus } from '../control/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import * as flags from './flags.ts';
import { json, span, table } from './output.ts';

/** `devices`: `{"devices":[…]}`, each as the control API shows it. */
export const devicesCommand = (deps: Pick<CliDeps, 'control' | 'out'>): Command =>
  command({
    does: 'The devices of the running gateway: status, cause, last values.',
    examples: ['devices'],
    words: [],
    flags: { ...flags.socket, ...flags.json },
    run: async ({ flags: { socket, json: wanted } }) => {
      const control = deps.control(socket);
      const devices = await control.devices();
      deps.out(wanted ? json({ devices }) : devicesText(devices, (await control.status()).up));
      return 0;
    },
  });

function devicesText(devices: readonly DeviceStatus[], up: number): string {
  const rows = devices.map(({ id, driver, bus, unit, status, cause, since_up, last, maintenance }) => [
    id,
    driver,
    unit === undefined ? bus : `${bus}/${unit}`,
    [
      cause && status !== 'online' ? `${status} (${cause})` : status,
      ...(maintenance ? ['maintenance'] : []),
    ].join(', '),
    span(up - since_up),
    last
      .slice(0, 4)
      .map(({ point, value }) => `${point}=${value ?? '–'}`)
      .join(' '),
  ]);
  return `${table([['device', 'driver', 'bus/unit', 'status', 'since', 'last'], ...rows])}\n`;
}
