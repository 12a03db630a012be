import type { Command } from './args.ts';
import { busCommand } from './bus.ts';
import { checkCommand } from './check.ts';
import { decodeCommand } from './decode.ts';
import type { CliDeps } from './deps.ts';
import { devicesCommand } from './devices.ts';
import { driversCommand } from './drivers.ts';
import { encodeCommand } from './encode.ts';
import { receiveCommand } from './receive.ts';
import { runCommand } from './run.ts';
import { sendCommand } from './send.ts';
import { signCommand } from './sign.ts';
import { simulateCommand } from './simulate.ts';
import { statusCommand } from './status.ts';
import { watchCommand } from './watch.ts';

/** Every command, by name, in the order of a person's day with it. */
export const commandsOf = (deps: CliDeps): Readonly<Record<string, Command>> => ({
  run: runCommand(deps),
  check: checkCommand(deps),
  drivers: driversCommand(deps),
  decode: decodeCommand(deps),
  encode: encodeCommand(deps),
  bus: busCommand(deps),
  simulate: simulateCommand(deps),
  receive: receiveCommand(deps),
  status: statusCommand(deps),
  devices: devicesCommand(deps),
  watch: watchCommand(deps),
  send: sendCommand(deps),
  sign: signCommand(deps),
});
