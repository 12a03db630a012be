import { z } from 'zod';
import type { ActResult, BusStats, OutboxStats } from '../contracts/index.ts';
import type { FactCode, HealthFact, Json, JsonObject, Reading } from '../model/index.ts';
import type { DeviceStatus, StatusView, Watched } from './views.ts';

/**
 * The shapes of the control API, for both ends: the server checks what it is asked, the client what it is told. Answers may grow: fields
 * that are not known here pass through.
 */
const json: z.ZodType<Json> = z.json();
const object: z.ZodType<JsonObject> = z.record(z.string(), json);
const count = z.number();

const stamp = z.object({ boot: z.string(), up: z.number() });
const value = z.union([z.number(), z.boolean(), z.string()]);

export const readingSchema = z.looseObject({
  device: z.string(),
  point: z.string(),
  value: value.nullable(),
  quality: z.enum(['good', 'stale', 'out-of-range', 'suspect', 'simulated']),
  stamp,
}) satisfies z.ZodType<Reading>;

export const factSchema = z.looseObject({
  // A newer gateway may know facts that this client does not: any code is let through.
  code: z.custom<FactCode>((code) => typeof code === 'string'),
  severity: z.enum(['info', 'degraded', 'failed']),
  subject: z.string(),
  since_up: z.number(),
  evidence: z.string(),
}) satisfies z.ZodType<HealthFact>;

export const deviceSchema = z.looseObject({
  id: z.string(),
  name: z.string().optional(),
  zone: z.string().optional(),
  bus: z.string(),
  unit: z.number().optional(),
  driver: z.string(),
  status: z.string(),
  since_up: z.number(),
  cause: z.string(),
  polls: count,
  missed: count,
  failures: count,
  rejected: count,
  last: z.array(readingSchema),
  commands: z.array(z.string()),
}) satisfies z.ZodType<DeviceStatus>;

const busSchema = z.looseObject({
  state: z.enum(['opening', 'up', 'down', 'closed']),
  exchanges: count,
  timeouts: count,
  exceptions: count,
  bad_checksum: count,
  noise_bytes: count,
  late_frames: count,
  echoes: count,
  bytes_out: count,
  bytes_in: count,
  use: z.number(),
  restarts: count,
  units: z.record(z.string(), object),
}) satisfies z.ZodType<BusStats>;

const lanes = z.object({ a: count, b: count, c: count });
const outboxSchema = z.looseObject({
  epoch: z.string(),
  head: count,
  file_bytes: count,
  quota_bytes: count,
  kept: lanes,
  waiting: z.record(z.string(), lanes),
  evicted: count,
  quarantined: count,
  pending: count,
  last_commit_ms: z.number(),
}) satisfies z.ZodType<OutboxStats>;

export const statusSchema = z.looseObject({
  gateway: z.string(),
  site: z.object({ id: z.string(), name: z.string() }),
  version: z.string(),
  boot: z.string(),
  up: z.number(),
  started_up: z.number(),
  clock: z.looseObject({ unix_ms: z.number(), state: z.string() }),
  devices: z.looseObject({ total: count, online: count }),
  buses: z.record(z.string(), busSchema),
  outbox: outboxSchema,
  uplinks: z.array(object),
  health: z.array(factSchema),
  pipeline: object,
}) satisfies z.ZodType<StatusView>;

export const watchedSchema = z.union([
  z.object({ type: z.literal('reading'), reading: readingSchema }),
  z.object({
    type: z.literal('event'),
    event: z.looseObject({ subject: z.string(), name: z.string(), fields: object, stamp }),
  }),
  z.object({ type: z.literal('health'), facts: z.array(factSchema) }),
  z.object({ type: z.literal('dropped'), count }),
]) satisfies z.ZodType<Watched>;

/** POST /v1/devices/:id/act */
export const actBodySchema = z.strictObject({ command: z.string().min(1), args: object.default({}) });

export const actResultSchema = z.looseObject({
  result: z.enum(['done', 'failed', 'unknown']),
  facts: object,
}) satisfies z.ZodType<ActResult>;

export const errorSchema = z.object({ error: z.looseObject({ code: z.string(), facts: object }) });

/** One line for people: `args.ms: expected number, got string; x: not known`. */
export const problemsIn = (error: z.ZodError): string =>
  error.issues
    .map(({ path, message }) => [path.map(String).join('.'), message].filter(Boolean).join(': '))
    .join('; ');
