import { type CommandDef, defineCommand } from 'citty';
import { Fault } from '../faults/index.ts';
import { checkJson, checkText } from './check.ts';
import { decode, encode, type Printed, textsOf } from './decode.ts';
import type { CliDeps } from './deps.ts';
import { listDrivers, showDriver } from './drivers.ts';
import { json } from './output.ts';
import { receiveCommand } from './receive.ts';
import { devicesText, statusText, watchLine } from './status.ts';

const asJson = {
  json: { type: 'boolean', description: 'for machines; shapes in src/cli/README.md' },
} as const;
const config = { type: 'string', description: 'the site file', required: true } as const;
const root = {
  type: 'string',
  description: 'folder of relative paths in the site file (default: .)',
  default: '.',
} as const;
const socket = {
  socket: {
    type: 'string',
    description: 'control socket of the gateway',
    default: '/run/gatelodge/control.sock',
  },
} as const;

/** Every command, by name. Each says what it does, its exit code is in `deps.exit`. */
export function commandsOf(
  deps: CliDeps,
  exit: (code: 0 | 1 | 2) => void,
): Readonly<Record<string, CommandDef>> {
  const print = (printed: Printed, wanted: boolean | undefined) => {
    if (wanted) deps.out(json(printed.json));
    else if (printed.exit === 0) deps.out(`${printed.text}\n`);
    else deps.err(`${printed.text}\n`);
    exit(printed.exit);
  };
  const many = (value: unknown): readonly string[] => (value === undefined ? [] : [value].flat().map(String));

  // The library's types do not know one list of commands with different arguments.
  return {
    run: defineCommand({
      meta: { name: 'run', description: 'The daemon.  gatelodge run --config site.yaml' },
      args: {
        config,
        root,
        log: { type: 'string', description: 'debug, info, warn, error, silent', default: 'info' },
        'keys-fd': {
          type: 'string',
          description: 'descriptor that gets the keys of durable records, for trials',
        },
      },
      run: async ({ args }) => {
        const keys_fd = args['keys-fd'] === undefined ? undefined : Number(args['keys-fd']);
        await deps.run({ file: args.config, root: args.root, log_level: args.log, keys_fd });
      },
    }),
    check: defineCommand({
      meta: {
        name: 'check',
        description: 'What is wrong with a site file, and how full its buses are.  gatelodge check site.yaml',
      },
      args: { file: { type: 'positional', description: 'the site file', required: true }, ...asJson },
      run: async ({ args }) => {
        const text = deps.readText(args.file);
        const loaded = await deps.load(args.file);
        if (args.json) deps.out(json(checkJson(loaded)));
        else if (loaded.site) deps.out(checkText(args.file, text, loaded));
        else deps.err(checkText(args.file, text, loaded));
        exit(loaded.site ? 0 : 1);
      },
    }),
    drivers: defineCommand({
      meta: {
        name: 'drivers',
        description: 'The device library, or one driver.  gatelodge drivers waveshare-relay',
      },
      args: { id: { type: 'positional', description: 'a driver', required: false }, ...asJson },
      run: async ({ args }) => {
        const library = await deps.library();
        print(args.id ? await showDriver(library, args.id) : await listDrivers(library), args.json);
      },
    }),
    decode: defineCommand({
      meta: {
        name: 'decode',
        description: 'Bytes as a sniffer shows them → points.  gatelodge decode a02yyuw FF 07 A1 A7',
      },
      args: {
        driver: { type: 'positional', description: 'a driver', required: true },
        hex: { type: 'positional', description: 'bytes in hex, one word or many', required: true },
        set: { type: 'string', description: 'an option of the driver, k=v; may be repeated' },
        request: { type: 'string', description: 'the request that a Modbus reply answers, hex' },
        ...asJson,
      },
      run: async ({ args }) => {
        const hex = args._.slice(1).map(String);
        const request = args.request === undefined ? {} : { request: args.request };
        print(
          await decode(await deps.library(), {
            driver: args.driver,
            hex,
            set: textsOf(many(args.set)),
            ...request,
          }),
          args.json,
        );
      },
    }),
    encode: defineCommand({
      meta: {
        name: 'encode',
        description: 'A command → bytes.  gatelodge encode waveshare-relay pulse channel=1 ms=700',
      },
      args: {
        driver: { type: 'positional', description: 'a driver', required: true },
        command: { type: 'positional', description: 'one of its commands', required: true },
        set: { type: 'string', description: 'an option of the driver, k=v; may be repeated' },
        unit: { type: 'string', description: 'Modbus address' },
        ...asJson,
      },
      run: async ({ args }) => {
        const words = textsOf(args._.slice(2).map(String));
        const unit = args.unit === undefined ? {} : { unit: Number(args.unit) };
        const wish = {
          driver: args.driver,
          command: args.command,
          args: words,
          set: textsOf(many(args.set)),
          ...unit,
        };
        print(await encode(await deps.library(), wish), args.json);
      },
    }),
    simulate: defineCommand({
      meta: {
        name: 'simulate',
        description:
          'The far end of every wire of a site.  gatelodge simulate site.yaml --fault noise-1=mute',
      },
      args: {
        file: { type: 'positional', description: 'the site file', required: true },
        root,
        fault: {
          type: 'string',
          description:
            'device-or-bus=kind[:ms][@share]; may be repeated, and given as lines on standard input',
        },
        paced: { type: 'boolean', description: 'replies take the time of a real wire' },
        said: { type: 'string', description: 'file that gets what was told, JSON lines' },
      },
      run: ({ args }) =>
        deps.simulate({
          file: args.file,
          root: args.root,
          faults: many(args.fault),
          paced: args.paced === true,
          said: args.said,
        }),
    }),
    receive: receiveCommand(deps, exit),
    status: defineCommand({
      meta: { name: 'status', description: 'How the running gateway is.  gatelodge status' },
      args: { ...socket, ...asJson },
      run: async ({ args }) => {
        const status = await deps.control(args.socket).status();
        deps.out(args.json ? json(status) : statusText(status));
      },
    }),
    devices: defineCommand({
      meta: { name: 'devices', description: 'The devices of the running gateway.  gatelodge devices' },
      args: { ...socket, ...asJson },
      run: async ({ args }) => {
        const control = deps.control(args.socket);
        const devices = await control.devices();
        deps.out(args.json ? json({ devices }) : devicesText(devices, (await control.status()).up));
      },
    }),
    watch: defineCommand({
      meta: {
        name: 'watch',
        description: 'Readings, events and health as they come.  gatelodge watch air-1',
      },
      args: {
        device: { type: 'positional', description: 'only these devices', required: false },
        ...socket,
        ...asJson,
      },
      run: async ({ args }) => {
        for await (const line of deps.control(args.socket).watch(args._.map(String), deps.signal)) {
          deps.out(args.json ? `${JSON.stringify(line)}\n` : `${watchLine(line)}\n`);
        }
      },
    }),
  } as unknown as Readonly<Record<string, CommandDef>>;
}

export const usage = (text: string): Fault => new Fault('usage', { text });
