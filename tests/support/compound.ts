import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlClient, connectControl } from '../../src/control/index.ts';
import type { Value } from '../../src/model/index.ts';
import { freePort } from './ports.ts';
import { gatelodge, type Running } from './process.ts';
import { tempFolder } from './temp.ts';
import { until } from './until.ts';

/** A row of the said-log of `simulate`: what a device had told by then. */
export interface SaidRow {
  readonly up: number;
  readonly device: string;
  readonly values: Readonly<Record<string, Value | null>>;
}

/** A key as the daemon tells it on its test pipe once the record is durable. */
export interface DurableKey {
  readonly epoch: string;
  readonly seq: number;
  readonly kind: string;
  readonly stamp: { readonly boot: string; readonly up: number };
}

/** A small compound on real ptys and TCP: the far ends in one process, the built daemon in another. */
export interface Compound {
  readonly folder: string;
  /** The site file. */
  readonly site: string;
  readonly control: ControlClient;
  readonly wires: Running;
  /** Starts the daemon and waits until it answers on its control socket. */
  start(): Promise<Running>;
  /** All keys told by all runs of the daemon so far. */
  keys(): readonly DurableKey[];
  said(): readonly SaidRow[];
}

/**
 * Seven devices of six drivers on five buses. Every poll is a record, but for `bay`, whose deadband and minimum interval are the declared
 * steps that may drop values.
 */
const siteText = (ports: { readonly tcp: number; readonly serialServer: number }, profile: string) => `
version: 1
site: { id: riverside, name: Riverside, time_zone: Asia/Shanghai }
gateway: { id: gate-1, state_dir: state }
control: { socket: control.sock }
profiles: [${profile}]
buses:
  - { id: gate-485, type: modbus-rtu, path: ports/gate-485, baud: 19200 }
  - { id: dust, type: serial, path: ports/dust, baud: 9600 }
  - { id: bay, type: serial, path: ports/bay, baud: 9600 }
  - { id: bay-tcp, type: serial-tcp, host: 127.0.0.1, port: ${ports.serialServer}, baud: 9600 }
  - { id: cabinet, type: modbus-tcp, host: 127.0.0.1, port: ${ports.tcp} }
devices:
  - { id: relay, driver: waveshare-relay, bus: gate-485, unit: 1, poll_ms: 500, simulated: true }
  - { id: air, driver: louver-box, bus: gate-485, unit: 2, poll_ms: 1000, simulated: true }
  - { id: noise, driver: noise-rs485, bus: gate-485, unit: 3, poll_ms: 250, simulated: true }
  - { id: dust, driver: plantower-pms, bus: dust, simulated: true }
  - id: bay
    driver: a02yyuw
    bus: bay
    simulated: true
    points: { distance: { deadband: 200, min_interval_s: 1 } }
  - { id: bay-tcp, driver: a02yyuw, bus: bay-tcp, simulated: true }
  - { id: meter, driver: three-phase-meter, bus: cabinet, unit: 1, poll_ms: 500, simulated: true }
uplinks:
  - id: town
    url: \${env:GATELODGE_BROKER}
    reconnect_first_s: 0.2
    reconnect_base_s: 1
    reconnect_cap_s: 1
`;

export async function openCompound(broker: string): Promise<Compound> {
  const folder = tempFolder();
  const profile = join(import.meta.dirname, '../../config/profiles/three-phase-meter.yaml');
  const ports = { tcp: await freePort(), serialServer: await freePort() };
  const site = join(folder, 'site.yaml');
  writeFileSync(site, siteText(ports, profile));
  const saidFile = join(folder, 'said.jsonl');
  const wires = gatelodge(['simulate', site, '--root', folder, '--said', saidFile]);
  await wires.line('simulating');

  const control = connectControl(join(folder, 'control.sock'));
  const runs: Running[] = [];
  return {
    folder,
    site,
    control,
    wires,
    start: async () => {
      const daemon = gatelodge(
        ['run', '--config', site, '--root', folder, '--log', 'warn', '--keys-fd', '3'],
        { env: { GATELODGE_BROKER: broker }, keys: true },
      );
      runs.push(daemon);
      await until(`the daemon answers; it said:\n${daemon.stderr()}`, () => {
        if (daemon.child.exitCode !== null) throw new Error(`the daemon ended: ${daemon.stderr()}`);
        return control.status().catch(() => undefined);
      });
      return daemon;
    },
    keys: () => runs.flatMap((run) => wholeLines<DurableKey>(run.keys())),
    said: () => wholeLines<SaidRow>(readFileSync(saidFile, 'utf8')),
  };
}

/** JSON lines; the last one may have been cut off by a kill. */
function wholeLines<T>(text: string): T[] {
  return (
    text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean)
      // Written by our own program in this very test.
      .map((line) => JSON.parse(line) as T)
  );
}
