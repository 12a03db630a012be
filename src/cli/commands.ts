import { accessLoadCommand } from './access.ts';
import type { Command } from './args.ts';
import { auditListCommand, auditVerifyCommand } from './audit.ts';
import { busListCommand } from './bus/list.ts';
import { busReaddressCommand, busRebaudCommand } from './bus/move.ts';
import { busScanCommand } from './bus/scan.ts';
import { checkCommand } from './check.ts';
import { decodeCommand } from './decode.ts';
import type { CliDeps } from './deps.ts';
import { devicesCommand } from './devices.ts';
import {
  doorsCommand,
  doorsHoldOpenCommand,
  doorsLockCommand,
  doorsLockdownCommand,
  doorsMaintenanceCommand,
  doorsOpenCommand,
  doorsResumeCommand,
  doorsShowCommand,
} from './doors.ts';
import { driversCommand } from './drivers.ts';
import { encodeCommand } from './encode.ts';
import { loadsAutoCommand, loadsCommand, loadsOffCommand, loadsOnCommand } from './loads.ts';
import { receiveCommand } from './receive.ts';
import { runCommand } from './run.ts';
import { sendCommand } from './send.ts';
import { signCommandCommand, signKeyCommand, signPublicCommand } from './sign.ts';
import { signListCommand } from './sign-list.ts';
import { signVisitCommand } from './sign-visit.ts';
import { simulateCommand } from './simulate.ts';
import { snapshotsCommand, snapshotsSaveCommand, snapshotsTakeCommand } from './snapshots.ts';
import { statusCommand } from './status.ts';
import { watchCommand } from './watch.ts';

/** Every command, by name (of one word or two), in the order of a person's day with it. */
export const commandsOf = (deps: CliDeps): Readonly<Record<string, Command>> => ({
  run: runCommand(deps),
  check: checkCommand(deps),
  drivers: driversCommand(deps),
  decode: decodeCommand(deps),
  encode: encodeCommand(deps),
  'bus list': busListCommand(deps),
  'bus scan': busScanCommand(deps),
  'bus readdress': busReaddressCommand(deps),
  'bus rebaud': busRebaudCommand(deps),
  simulate: simulateCommand(deps),
  receive: receiveCommand(deps),
  status: statusCommand(deps),
  devices: devicesCommand(deps),
  doors: doorsCommand(deps),
  'doors show': doorsShowCommand(deps),
  'doors open': doorsOpenCommand(deps),
  'doors lock': doorsLockCommand(deps),
  'doors lockdown': doorsLockdownCommand(deps),
  'doors hold-open': doorsHoldOpenCommand(deps),
  'doors resume': doorsResumeCommand(deps),
  'doors maintenance': doorsMaintenanceCommand(deps),
  loads: loadsCommand(deps),
  'loads on': loadsOnCommand(deps),
  'loads off': loadsOffCommand(deps),
  'loads auto': loadsAutoCommand(deps),
  watch: watchCommand(deps),
  send: sendCommand(deps),
  snapshots: snapshotsCommand(deps),
  'snapshots take': snapshotsTakeCommand(deps),
  'snapshots save': snapshotsSaveCommand(deps),
  'access load': accessLoadCommand(deps),
  'audit list': auditListCommand(deps),
  'audit verify': auditVerifyCommand(deps),
  'sign key': signKeyCommand(deps),
  'sign public': signPublicCommand(deps),
  'sign command': signCommandCommand(deps),
  'sign visit': signVisitCommand(deps),
  'sign list': signListCommand(deps),
});
