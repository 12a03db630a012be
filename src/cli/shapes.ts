import { z } from 'zod';
import {
  accessSchema,
  auditRowSchema,
  deviceSchema,
  doorSchema,
  loadSchema,
  outcomeSchema,
  snapshotSchema,
  statusSchema,
  watchedSchema,
} from '../control/schemas.ts';
import { moveShape, scanShape } from './bus/shapes.ts';
import { dryRun, problems } from './dry-run-shape.ts';

/**
 * What `--json` prints: stable within a version of the command line; there may be more fields than these. The documents are made
 * from here, and tests hold every command to it.
 */
const text = (about: string) => z.string().describe(about);
const number = (about: string) => z.number().describe(about);
const flag = (about: string) => z.boolean().describe(about);
const value = z.union([z.number(), z.boolean(), z.string()]).nullable();
const schema = (about: string) => z.record(z.string(), z.json()).describe(`${about}, as JSON Schema`);

const fault = z
  .looseObject({
    code: text('One of src/faults/FAULTS.md'),
    message: text('What happened'),
    remedy: text('What to do'),
    retry: z.enum(['soon', 'later', 'never']).describe('Who may try again: soon and later the caller'),
    facts: z.record(z.string(), z.json()).describe('What the message was made from'),
  })
  .describe('In place of an answer, with exit code 1 or 2');

const load = z
  .looseObject({
    driver: text('Driver id'),
    devices: number('Devices of it that are looked at alike'),
    wire_ms: number('Bytes of question and answer'),
    silence_ms: number('3.5 characters before each frame'),
    answer_ms: number('Until the unit begins to answer'),
    gap_ms: number('Further silence the unit needs'),
    look_ms: number('All of that: one look at one of them'),
    poll_ms: number('How often'),
    use: number('Share of the wire’s time for all of them'),
  })
  .describe('The sum, by what is looked at alike');

const check = z.looseObject({
  ok: flag('The gateway would take this file'),
  problems,
  buses: z
    .array(
      z.looseObject({
        bus: text('Bus id'),
        devices: number('Devices on it'),
        use: number('Share of the wire’s time that polls ask for, 1 = all'),
        cycle_ms: number('One look at every polled device'),
        cycle_one_mute_ms: number('The same with the slowest unit mute'),
        worst_exchange_ms: number('What a command may have to wait for'),
        slowest: text('The unit that makes it so; empty: nothing is polled'),
        loads: z.array(load),
      }),
    )
    .describe('Empty when the file is no site'),
  doors: z
    .array(
      z.looseObject({
        door: text('Door id'),
        relay: text('The relay board that may wait longest'),
        channel: number('Its relay'),
        bus: text('Its bus'),
        bound_ms: number('From an accepted command to the first byte on that bus, at most'),
        gateway_ms: number('Of these in the gateway, under full load with a stalled disk'),
        in_flight_ms: number('Of these for the exchange before it, at worst its timeout'),
        behind: text('Whose exchange that is; empty: nothing is ever before it'),
        ends_by: z
          .enum(['board', 'gateway'])
          .describe('Who ends an unlock; gateway: it stays unlocked when the gateway dies in it'),
      }),
    )
    .describe('Doors that could be judged'),
  devices: number('Devices that could be judged'),
  rules: z
    .array(
      z.looseObject({
        rule: text('Id of the rule'),
        subject: text('What it is about; empty: the gateway'),
        part: text('Where one rule has several about one thing, such as a bay').optional(),
        when: z.looseObject({ type: text('threshold, state, schedule, health, door-alarm or event') }),
        and: z.array(z.looseObject({ type: text('As of when') })),
        for_ms: number('It must be so for so long'),
        clear_for_ms: number('It must not be so for so long'),
        alarm: z
          .looseObject({
            severity: z.enum(['info', 'warning', 'critical']).describe('How bad'),
            message: text('For people'),
          })
          .optional(),
        begin: z.array(z.looseObject({ target: text('Device'), command: text('Its command') })),
        end: z.array(z.looseObject({ target: text('Device'), command: text('Its command') })),
        stop: flag('It ends the gateway'),
      }),
    )
    .describe('What rules and presets come to, one for each thing they are about'),
});

const summary = {
  id: text('Driver or profile id'),
  about: text('What it is'),
  category: text('air, noise, parking, relay, meter, …'),
  link: text('modbus, bytes, line, udp or http'),
  evidence: z
    .enum(['simulated', 'captured', 'field'])
    .describe('Tried on simulated wires, bytes captured from units, or units in the field'),
  aliases: z.array(z.string()).describe('Other names it is known by'),
};

const point = z.looseObject({
  kind: z.enum(['number', 'flag', 'state']).describe('What values it has'),
  about: text('What it is'),
  privacy: text('Whose business it is'),
  unit: text('UCUM unit of a number').optional(),
  min: number('Lowest of a number').optional(),
  max: number('Highest of a number').optional(),
  values: z.array(z.string()).optional().describe('Values of a state'),
});

const driver = z.looseObject({
  ...summary,
  preset: z.record(z.string(), z.json()).describe('Options that this name brings'),
  wire: z.looseObject({
    baud: number('Factory speed'),
    parity: z.enum(['none', 'even', 'odd']).describe('Factory parity'),
    timeout_ms: number('Longest wait for a reply'),
    gap_ms: number('Silence it needs after a reply'),
    unit: number('Factory address of a Modbus unit').optional(),
  }),
  poll_ms: z.looseObject({ default: number('Unless configured'), min: number('The shortest') }),
  options: schema('Its options'),
  points: z.record(z.string(), point).describe('By name; empty when options must be given first'),
  events: z.record(z.string(), z.json()).describe('What it tells by itself, by name'),
  commands: z
    .record(
      z.string(),
      z.looseObject({
        about: text('What it does'),
        args: schema('Its arguments'),
        timing: z.enum(['board', 'host', 'none']).describe('Who ends a timed action'),
        actuates: flag('It moves something'),
        on_process_end: z
          .enum(['hold', 'drop', 'timed'])
          .describe('What happens when the gateway dies in it'),
      }),
    )
    .describe('By name'),
});

const view = z.looseObject({
  connected: flag('To the broker'),
  trouble: text('Why not; empty when all is well'),
  gateways: z.array(
    z.looseObject({
      site: text('Site id'),
      gateway: text('Gateway id'),
      online: flag('By its status message'),
      records: number('Received so far'),
      files: z
        .array(
          z.looseObject({
            id: text('Of the picture'),
            type: text('Its media type'),
            size: number('Bytes of the whole'),
            missing_from: number('First byte that has not come; absent: it is whole').optional(),
          }),
        )
        .optional()
        .describe('With --files: pictures that it has sent on request, the newest last'),
      access: z
        .looseObject({
          version: number('In force'),
          count: number('Credentials in it'),
          standing: text('good, ends-soon, past'),
        })
        .optional()
        .describe('The list of credentials, as the gateway tells it on …/access/state'),
      devices: z.array(
        z.looseObject({
          device: text('Device id'),
          points: z.array(
            z.looseObject({
              point: text('Point'),
              value: value.describe('Its last value; null: the device says it has none'),
              unit: text('UCUM unit'),
              quality: text('good, stale, out-of-range, suspect, simulated'),
              unix_ms: number('When; absent while nobody knows').optional(),
              clock: text('How far that time can be trusted'),
            }),
          ),
        }),
      ),
    }),
  ),
});

const range = z.tuple([z.number(), z.number()]);
const verdict = z.looseObject({
  whole: flag('Nothing is missing, nothing contradicts a digest, and something came'),
  records: number('Different records'),
  duplicates: number('Dropped by their key'),
  nacked: number('Refused by this receiver'),
  batches: number('Batches received'),
  bad: number('Messages that are not of the contract'),
  digests: number('Digests checked'),
  digest_mismatches: number('Those that do not agree'),
  gateways: z.array(
    z.looseObject({
      gateway: text('Gateway id'),
      epochs: z.array(
        z.looseObject({
          epoch: text('Epoch'),
          records: number('Records of it'),
          head: number('Highest seq'),
          holes: z.array(range).describe('Seqs that neither came nor were told as gaps'),
          gaps: z.array(range).describe('Ranges told by gap records'),
        }),
      ),
    }),
  ),
});

/** Shapes by command. `line`: each line is one such object. */
export const SHAPES = {
  check: { answer: check },
  'check --dry-run': { answer: dryRun },
  drivers: {
    answer: z.looseObject({
      drivers: z.array(z.looseObject(summary)).describe('Each with all that `drivers ID` gives of it'),
    }),
  },
  'drivers ID': { answer: driver },
  decode: {
    answer: z.looseObject({
      points: z.record(z.string(), value).describe('Values by point; null: the device says it has none'),
      note: text('What the frame is when it is no set of points').optional(),
    }),
  },
  encode: { answer: z.looseObject({ hex: text('Bytes, two digits each') }) },
  'bus list': {
    answer: z.looseObject({
      ports: z.array(
        z.looseObject({
          port: text('As the kernel counts it now'),
          use: text('What a site file should name: the by-path name where there is one'),
          by_path: text('The socket it is plugged into').optional(),
          by_id: text('What the adapter calls itself').optional(),
          driver: text('Kernel driver').optional(),
          usb: z
            .looseObject({
              vendor: text('Four hex digits'),
              product: text('Four hex digits'),
              name: text('What it calls itself').optional(),
              serial: text('Serial number').optional(),
            })
            .describe('A USB adapter; left out: built in')
            .optional(),
          twins: z.array(text('Port of another adapter that says the same of itself')),
        }),
      ),
    }),
  },
  'bus scan': { answer: scanShape },
  'bus readdress': { answer: moveShape },
  'bus rebaud': { answer: moveShape },
  receive: {
    line: true,
    answer: z.union([
      z.looseObject({ view: view.describe('Once a second') }),
      z.looseObject({ verdict: verdict.describe('The last line') }),
    ]),
  },
  status: { answer: statusSchema },
  devices: { answer: z.looseObject({ devices: z.array(deviceSchema) }) },
  doors: { answer: z.looseObject({ doors: z.array(doorSchema) }) },
  'doors show': { answer: z.looseObject({ doors: z.array(doorSchema) }) },
  'doors ORDER': {
    answer: z.looseObject({
      doors: z.array(
        z.union([
          outcomeSchema.extend({ door: text('Door id') }),
          z.looseObject({ door: text('Door id'), fault: fault.describe('Why it could not be told') }),
        ]),
      ),
    }),
  },
  loads: { answer: z.looseObject({ loads: z.array(loadSchema) }) },
  'loads ORDER': {
    answer: z.looseObject({
      loads: z.array(
        z.union([
          outcomeSchema.extend({ load: text('Load id') }),
          z.looseObject({ load: text('Load id'), fault: fault.describe('Why it could not be told') }),
        ]),
      ),
    }),
  },
  watch: { line: true, answer: watchedSchema },
  send: { answer: outcomeSchema },
  snapshots: { answer: z.looseObject({ snapshots: z.array(snapshotSchema).describe('The newest last') }) },
  'snapshots take': { answer: outcomeSchema.describe('`facts.file` is the id of the picture') },
  'snapshots save': {
    answer: z.looseObject({
      id: text('Of the picture'),
      file: text('Where it is now'),
      type: text('Media type'),
      bytes: number('Its size'),
      sha256: text('Of its bytes; what was saved was held against it'),
    }),
  },
  'access load': { answer: accessSchema },
  'audit list': { answer: z.looseObject({ rows: z.array(auditRowSchema) }) },
  'audit verify': {
    answer: z.looseObject({
      whole: z.literal(true),
      count: number('Records kept'),
      from: number('The first one'),
      to: number('The last one'),
      head: text('Hash of the last one'),
    }),
  },
  'sign key': { answer: z.looseObject({ public_key: text('For `public_key` in the site file') }) },
  'sign command': {
    answer: z.looseObject({ v: z.literal(1), jws: text('The message on …/cmd is this object') }),
  },
  'sign visit': {
    answer: z.looseObject({
      id: text('Of the token; a list revokes it by this'),
      code: text('Text of the code'),
    }),
  },
  'sign list': {
    answer: z.looseObject({
      version: number('Of the list'),
      pages: number('Messages'),
      groups: number('Groups in them'),
      credentials: number('Credentials in them'),
      removed: number('Of changes: what is not in the list any more'),
      revoked: number('Ids that open nothing from the first page on'),
      messages: z
        .array(z.looseObject({ v: z.literal(1), jws: text('A signed page') }))
        .optional()
        .describe('For …/access, in this order; left out with --out'),
      files: z.array(text('A file with one message')).optional().describe('With --out'),
    }),
  },
  fault: { answer: z.looseObject({ fault }) },
} as const satisfies Readonly<Record<string, { readonly line?: true; readonly answer: z.ZodType }>>;
