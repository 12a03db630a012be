import { z } from 'zod';
import type { KeptFile, OutboxStats } from '../contracts/index.ts';
import type { AuditRow, FactCode, HealthFact, Json, JsonObject, Outcome, Reading } from '../model/index.ts';
import type {
  AccessView,
  AuditView,
  BusView,
  DeviceStatus,
  DoorStatus,
  LoadStatus,
  MaintenanceItem,
  MaintenanceView,
  StatusView,
  Watched,
} from './views.ts';

/**
 * The shapes of the control API, for both ends: the server checks what it is asked, the client what it is told. Answers may grow: fields
 * that are not known here pass through.
 */
const json: z.ZodType<Json> = z.json();
const object: z.ZodType<JsonObject> = z.record(z.string(), json);
const count = z.number();

const stamp = z.object({
  boot: z.string().describe('Boot of the machine'),
  up: z.number().describe('ms since that boot'),
});
const value = z.union([z.number(), z.boolean(), z.string()]);

export const readingSchema = z.looseObject({
  device: z.string().describe('Device id'),
  point: z.string().describe('Point'),
  value: value.nullable().describe('null: the device says it has none'),
  quality: z
    .enum(['good', 'stale', 'out-of-range', 'suspect', 'simulated'])
    .describe('How far it can be trusted'),
  stamp,
}) satisfies z.ZodType<Reading>;

export const factSchema = z.looseObject({
  // A newer gateway may know facts that this client does not: any code is let through.
  code: z.custom<FactCode>((code) => typeof code === 'string').describe('One of src/health/FACTS.md'),
  severity: z.enum(['info', 'degraded', 'failed']).describe('How bad'),
  subject: z.string().describe('Bus, device or uplink; empty: the gateway'),
  since_up: z.number().describe('Since when, ms since boot'),
  evidence: z.string().describe('What shows it'),
  maintenance: z.literal(true).exactOptional().describe('Somebody works there: it alarms nobody'),
}) satisfies z.ZodType<HealthFact>;

const maintenanceSchema = z.looseObject({
  by: z.string().describe('Who said so'),
  why: z.string().describe('The reason given'),
  until_up: z.number().describe('It ends then by itself, ms since boot'),
  bus: z.string().optional().describe('The bus that is in maintenance, and all on it'),
}) satisfies z.ZodType<MaintenanceView>;

const maintenanceItemSchema = maintenanceSchema.extend({
  kind: z.string().describe('door, device or bus'),
  subject: z.string().describe('Its id'),
}) satisfies z.ZodType<MaintenanceItem>;

export const deviceSchema = z.looseObject({
  id: z.string().describe('Device id'),
  name: z.string().optional().describe('Name for people'),
  zone: z.string().optional().describe('Where it is'),
  bus: z.string().describe('Bus id'),
  unit: z.number().optional().describe('Modbus address'),
  driver: z.string().describe('Driver or profile id'),
  status: z.string().describe('online, offline, …'),
  since_up: z.number().describe('Since when, ms since boot'),
  cause: z.string().describe('Code of the last fault; empty: none'),
  polls: count.describe('Looks at it since the start'),
  missed: count.describe('Looks that came too late to be made'),
  failures: count.describe('Looks that failed'),
  rejected: count.describe('Values that were not taken'),
  last: z.array(readingSchema).describe('Its last readings'),
  commands: z.array(z.string()).describe('What it can be told'),
  maintenance: maintenanceSchema.optional().describe('Somebody works at it: its alarms are muted'),
}) satisfies z.ZodType<DeviceStatus>;

export const doorSchema = z.looseObject({
  id: z.string().describe('Door id'),
  name: z.string().optional().describe('Name for people'),
  zone: z.string().optional().describe('Where it is'),
  kind: z.string().describe('door, turnstile, barrier or lift'),
  position: z.string().describe('open, closed, unknown; none: it has no contact'),
  lock: z.string().describe('locked, unlocked; released: for a fire'),
  mode: z
    .string()
    .describe('locked, timed, extended, scheduled, hold-open, lockdown, interlocked, stopped, fire'),
  why: z
    .string()
    .describe('rest, by-hand, card, rex, command, hold-open, schedule, lockdown, interlock, stop, fire'),
  by: z.string().optional().describe('Pseudonym, operator, other door or fire inputs behind that'),
  until_up: z.number().optional().describe('It ends then by itself, ms since boot'),
  since_up: z.number().describe('So since then, ms since boot'),
  contacts: z.record(z.string(), z.string()).describe('By side: open, closed, unreadable, unread'),
  fire: z.record(z.string(), z.string()).describe('By fire input: active, clear, unreadable, unread'),
  interlock: z
    .looseObject({
      group: z.string().describe('Doors of one word are open one at a time'),
      blocked_by: z.string().optional().describe('The door that it waits for'),
    })
    .optional(),
  lockdown: z.looseObject({ by: z.string().describe('Who ordered it') }).optional(),
  hold: z
    .looseObject({
      by: z.string().describe('Who ordered it'),
      until_up: z.number().optional().describe('It ends then by itself, ms since boot'),
    })
    .optional(),
  maintenance: maintenanceSchema.optional().describe('Its alarms are muted'),
  alarms: z.array(z.string()).describe('What is wrong with it'),
  last: z
    .looseObject({
      result: z.string().describe('granted or denied'),
      at_up: z.number().describe('When, ms since boot'),
      ref: z.string().describe('Names the decision; what follows from it carries it'),
      who: z.string().optional().describe('Pseudonym'),
      side: z.string().optional().describe('in or out'),
      reason: z.string().optional().describe('Why not'),
    })
    .optional()
    .describe('The last decision since the start'),
  ends_by: z.string().describe('Who ends an unlock: board, or gateway (the weaker promise)'),
  bound_ms: z
    .number()
    .describe('From an accepted command to the first byte on the wire of its lock, at most'),
}) satisfies z.ZodType<DoorStatus>;

export const loadSchema = z.looseObject({
  id: z.string().describe('Load id'),
  name: z.string().optional().describe('Name for people'),
  zone: z.string().optional().describe('Where it is'),
  state: z.string().describe('Of the relays that are seen: on, off, mixed; unknown: none is'),
  wanted: z.string().describe('on, off; unknown: nobody knows, it stays as it is'),
  by: z
    .string()
    .describe('Whose word counts: schedule, no-schedule, time-unknown (it has a schedule), command, switch'),
  who: z.string().optional().describe('Who gave the command'),
  since_up: z.number().describe('So since then, ms since boot'),
  until_up: z.number().optional().describe('What was said by hand ends then, ms since boot'),
  until_unix_ms: z.number().optional().describe('The same by the time of day'),
  schedule: z
    .looseObject({
      id: z.string().describe('Which'),
      says: z.string().describe('on, off; unknown: nobody knows the time of day'),
      changes_unix_ms: z.number().optional().describe('When that changes'),
    })
    .optional(),
  relays: z.array(
    z.looseObject({
      device: z.string().describe('Relay board'),
      channel: count.describe('Its relay, from 1'),
      state: z.string().describe('on, off (of the load, not of the relay); unknown: it is not seen'),
      wrong: z.boolean().describe('It was told, and does not stand so'),
      shown: z.boolean().describe('Its board shows it; else the answer of the board is all there is'),
    }),
  ),
}) satisfies z.ZodType<LoadStatus>;

const busSchema = z.looseObject({
  at: z.string().describe('Port or address that it holds').optional(),
  state: z.enum(['opening', 'up', 'down', 'closed']).describe('Of its port'),
  exchanges: count.describe('Requests sent'),
  timeouts: count.describe('Requests without reply'),
  exceptions: count.describe('Requests that a unit refused'),
  bad_checksum: count.describe('Frames that were damaged'),
  noise_bytes: count.describe('Bytes that belong to no frame'),
  late_frames: count.describe('Replies after their time'),
  echoes: count.describe('Own frames heard back'),
  bytes_out: count.describe('Bytes sent'),
  bytes_in: count.describe('Bytes received'),
  use: z.number().describe('Share of the wire in use, 1 = all'),
  restarts: count.describe('Times the port was opened again'),
  units: z.record(z.string(), object).describe('By address: whether it answers, and how fast'),
}) satisfies z.ZodType<BusView>;

const lanes = z.object({ a: count, b: count, c: count });
const outboxSchema = z.looseObject({
  epoch: z.string().describe('Epoch of the database'),
  head: count.describe('Last seq given'),
  file_bytes: count.describe('Size on the disk'),
  quota_bytes: count.describe('Largest size'),
  kept: lanes.describe('Records kept, by class'),
  waiting: z.record(z.string(), lanes).describe('Records not yet acknowledged, by uplink and class'),
  evicted: count.describe('Records dropped for room; gap records tell which'),
  quarantined: count.describe('Records set aside'),
  pending: count.describe('Accepted, not yet durable'),
  last_commit_ms: z.number().describe('How long the last commit took'),
}) satisfies z.ZodType<OutboxStats>;

export const statusSchema = z.looseObject({
  gateway: z.string().describe('Gateway id'),
  site: z.object({ id: z.string().describe('Site id'), name: z.string().describe('Name for people') }),
  version: z.string().describe('Version of Gatelodge'),
  boot: z.string().describe('Boot of the machine'),
  up: z.number().describe('Now, ms since boot'),
  started_up: z.number().describe('When the gateway started, ms since boot'),
  clock: z.looseObject({
    unix_ms: z.number().describe('Wall time'),
    state: z.string().describe('unsynced, synced, holdover'),
  }),
  devices: z.looseObject({ total: count.describe('Configured'), online: count.describe('Answering') }),
  buses: z.record(z.string(), busSchema).describe('By id'),
  doors: z.looseObject({
    total: count.describe('Configured'),
    open: count.describe('Open, by their contacts'),
    unlocked: count.describe('Unlocked'),
    released: count.describe('Released for a fire'),
    lockdown: count.describe('In lockdown'),
    maintenance: count.describe('In maintenance'),
    alarming: count.describe('With an alarm that is not muted'),
  }),
  loads: z.looseObject({
    total: count.describe('Configured'),
    on: count.describe('On'),
    by_hand: count.describe('By a command or a switch rather than their schedule'),
    wrong: count.describe('With a relay that does not stand as it was told'),
  }),
  outbox: outboxSchema,
  maintenance: z.array(maintenanceItemSchema).describe('Where somebody works: alarms are muted'),
  uplinks: z.array(object).describe('id, connected, last_fault, counters'),
  health: z.array(factSchema).describe('What is not as it should be'),
  pipeline: object.describe('What was done to readings, by step'),
}) satisfies z.ZodType<StatusView>;

export const watchedSchema = z.union([
  z.object({ type: z.literal('reading'), reading: readingSchema }),
  z.object({
    type: z.literal('event'),
    event: z.looseObject({
      subject: z.string().describe('Device, bus or uplink; empty: the gateway'),
      name: z.string().describe('What happened'),
      fields: object.describe('Its particulars'),
      stamp,
    }),
  }),
  z.object({ type: z.literal('door'), door: doorSchema }),
  z.object({ type: z.literal('load'), load: loadSchema }),
  z.object({ type: z.literal('health'), facts: z.array(factSchema) }),
  z.object({
    type: z.literal('dropped'),
    count: count.describe('Lines left out: the listener was too slow'),
  }),
]) satisfies z.ZodType<Watched>;

/** POST /v1/commands */
export const wishSchema = z.strictObject({
  target: z.string().min(1).max(80).describe('Device'),
  name: z.string().min(1).max(80).describe('Command'),
  args: object.default({}),
  user: z.string().min(1).max(80).describe('Who wants it, for the audit'),
  reason: z.string().max(400).optional().describe('Why, for the audit'),
  ttl_ms: z.number().min(1).max(3_600_000).optional().describe('It is not begun later than this'),
});

/** POST /v1/buses/:id/lend. The answer lasts as long as the loan. */
export const lendSchema = z.looseObject({
  user: z.string().min(1).max(80).default('somebody').describe('Who wants it, for the audit'),
});
/** The last word of a loan whose time is over; one that ends otherwise ends without a word. */
export const LOAN_OVER = 'over\n';

export const snapshotSchema = z.looseObject({
  id: z.string().describe('Of the picture'),
  number: count.describe('The lowest makes room first'),
  device: z.string().describe('The camera'),
  ref: z.string().describe('What it follows from: an alarm, a decision of a door, a command'),
  stamp,
  unix_ms: z.number().describe('When it was ordered, as far as it was known then'),
  clock: z.enum(['unsynced', 'corrected', 'synced', 'holdover']).describe('How far that can be trusted'),
  type: z.enum(['image/jpeg', 'image/png']).describe('Media type'),
  bytes: count.describe('Its size'),
  sha256: z.string().describe('Of its bytes'),
}) satisfies z.ZodType<KeptFile>;

/** POST /v1/snapshots/:id/save; answered by the bytes. */
export const saveSchema = z.strictObject({
  user: z.string().min(1).max(80).describe('Who takes it out, for the audit'),
});

/** Pages stay below 64 KiB. */
export const pageSchema = z.strictObject({
  page: z.string().min(1).max(100_000).describe('A signed page: JWS in compact form'),
});

export const accessSchema = z.looseObject({
  verdict: z.enum(['in-force', 'more', 'known', 'refused']),
  version: count.optional().describe('Of the list in force by it'),
  count: count.optional().describe('Credentials it has'),
  missing: count.optional().describe('Pages still to come'),
  reason: z.string().optional().describe('Why it was refused'),
}) satisfies z.ZodType<AccessView>;

export const outcomeSchema = z.looseObject({
  result: z.enum(['confirmed', 'done', 'unconfirmed', 'refused', 'expired', 'failed', 'unknown']),
  facts: object,
}) satisfies z.ZodType<Outcome>;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const place = z.looseObject({ nr: count, hash });

export const auditRowSchema = z.looseObject({
  nr: count.describe('Its place in the chain'),
  prev: hash.describe('Hash of the one before'),
  hash: hash.describe('SHA-256 of all of it'),
  epoch: z.string().describe('Epoch it was stored in'),
  stamp,
  subject: z.string().describe('What it is about'),
  name: z.string().describe('What was decided'),
  fields: object.describe('Its particulars'),
}) satisfies z.ZodType<AuditRow>;

export const auditSchema = z.looseObject({
  count: count.describe('Records kept'),
  bytes: count.describe('About so many bytes'),
  oldest_s: z.number().describe('Age of the oldest'),
  floor: place.describe('What the oldest one stands on'),
  head: place.describe('The newest one'),
  gateway: z.string().describe('Id of this gateway'),
  public_key: z.string().describe('Of the key that signs heads and checkpoints'),
}) satisfies z.ZodType<AuditView>;

/** GET /v1/audit */
export const auditRangeSchema = z.looseObject({
  from: z.coerce.number().int().min(1).default(1),
  most: z.coerce.number().int().min(1).max(1000).default(100),
});

export const errorSchema = z.object({ error: z.looseObject({ code: z.string(), facts: object }) });

/** One line for people: `args.ms: expected number, got string; x: not known`. */
export const problemsIn = (error: z.ZodError): string =>
  error.issues
    .map(({ path, message }) => [path.map(String).join('.'), message].filter(Boolean).join(': '))
    .join('; ');
