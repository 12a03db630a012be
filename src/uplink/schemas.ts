import { z } from 'zod';

/**
 * Every message of the contract, version 1: the one source of the published JSON Schemas, of the checks at both ends, and of the types. Objects are open:
 * within a major version there are additions, and who reads ignores what it does not know.
 */
const v = z.literal(1).describe('Major version of the contract.');
const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/);
const gateway = z
  .string()
  .regex(/^[^/+#]{1,80}$/)
  .describe('Id of the gateway.');
const pointId = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/);
const epoch = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .describe('Random 64-bit id of the database the records are in.');
const lane = z.enum(['a', 'b', 'c']);
const seq = z.int().min(1);
const range = z.tuple([seq, seq]).describe('From and to, inclusive.');
const json = z.record(z.string(), z.unknown());
const clock = z.enum(['unsynced', 'corrected', 'synced', 'holdover']);
const boot = z.string().min(1).describe('Id of the boot.');
const up = z.number().describe('Milliseconds since boot.');
const connectId = z
  .int()
  .min(0)
  .describe('Grows with every attempt to connect; of two statuses the higher one is right.');
const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const statusSchema = z
  .looseObject({
    v,
    gateway,
    state: z.enum(['online', 'offline']),
    connect_id: connectId,
    reason: z.string().optional().describe('Why it is offline: `lost` (the will) or `stopped`.'),
    contract: z.object({ version: z.int(), min: z.int() }),
    versions: z.record(z.string(), z.string()),
    epoch,
    boot,
    clock,
  })
  .describe(
    'Presence of the gateway, retained; also its will. Offline is true only when its connect_id is the highest seen.',
  )
  .meta({
    examples: [
      {
        v: 1,
        gateway: 'riverside-1',
        state: 'online',
        connect_id: 12,
        contract: { version: 1, min: 1 },
        versions: { gatelodge: '0.1.0', node: '20.19.0' },
        epoch: '5f1c0a9be2d34417',
        boot: '0a6d3c52-1b7e-4b0e-9f0f-6a1d4c1c2b11',
        clock: 'synced',
      },
      {
        v: 1,
        gateway: 'riverside-1',
        state: 'offline',
        reason: 'lost',
        connect_id: 12,
        contract: { version: 1, min: 1 },
        versions: { gatelodge: '0.1.0' },
        epoch: '5f1c0a9be2d34417',
        boot: '0a6d3c52-1b7e-4b0e-9f0f-6a1d4c1c2b11',
        clock: 'unsynced',
      },
    ],
  });

export const beatSchema = z
  .looseObject({ v, connect_id: connectId, boot, up, nonce: z.string().min(16) })
  .describe(
    'Sign of life. A command names the nonce of a recent beat of this connection, so that an old command dies.',
  )
  .meta({
    examples: [
      {
        v: 1,
        connect_id: 12,
        boot: '0a6d3c52-1b7e-4b0e-9f0f-6a1d4c1c2b11',
        up: 864210.5,
        nonce: '8d1f5b0c6e2a49d7b3c4f10a2e6d9b58',
      },
    ],
  });

const inventoryPoint = z.looseObject({
  kind: z.string().describe('`number`, `flag`, `state`; unknown kinds are ignored.'),
  about: z.string(),
  unit: z.string().optional().describe('UCUM.'),
  min: z.number().optional(),
  max: z.number().optional(),
  values: z.array(z.string()).optional(),
});
const inventoryDevice = z.looseObject({
  id,
  name: z.string().optional(),
  driver: z.string(),
  about: z.string().optional(),
  zone: z.string().optional(),
  evidence: z.string().optional().describe('`simulated`, `captured` or `field`: what the driver rests on.'),
  points: z.record(pointId, inventoryPoint),
});
export const inventorySchema = z
  .looseObject({
    v,
    gateway,
    revision: z.int().min(0),
    page: z.int().min(0),
    pages: z.int().min(1),
    hash: sha256.describe('SHA-256 over the JSON text of all devices as one compact array, hex.'),
    devices: z.array(inventoryDevice),
  })
  .describe(
    'One page of the inventory, retained, at most 64 KiB. Pages of one revision belong together; a page number at or above `pages` is old.',
  )
  .meta({
    examples: [
      {
        v: 1,
        gateway: 'riverside-1',
        revision: 3,
        page: 0,
        pages: 1,
        hash: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        devices: [
          {
            id: 'air-1',
            name: 'Air at the gate',
            driver: 'pms5003',
            zone: 'gate',
            evidence: 'simulated',
            points: { pm2_5: { kind: 'number', about: 'Fine particles.', unit: 'ug/m3', min: 0, max: 1000 } },
          },
        ],
      },
    ],
  });

const value = z.union([z.number(), z.boolean(), z.string(), z.null()]);
const column = z
  .tuple([
    z.string(),
    z.string(),
    z.array(z.int().min(0)),
    z.array(z.number()),
    z.array(value),
    z.record(z.string(), z.string()).optional(),
  ])
  .describe(
    'Device, point, seq offsets from `first`, time offsets (ms) from `up`, values, and by index the quality of those that are not good.',
  );
const eventRow = z
  .tuple([z.int().min(0), z.number(), z.string(), z.string(), z.string(), json])
  .describe(
    'Seq offset, time offset, kind, subject, name, fields. Unknown kinds are ignored, and acknowledged.',
  );
const part = z
  .looseObject({
    boot,
    up,
    rev: z.int(),
    first: seq,
    n: z.int().min(1),
    points: z.array(column),
    events: z.array(eventRow),
  })
  .describe(
    'Records of one boot with consecutive seqs from `first`; `up` is the base of their times, `rev` the inventory revision they were taken under.',
  );
const base = z
  .looseObject({ boot, unix_ms: z.number().nullable(), clock })
  .describe('Wall time of the base `up` of a part as known when it was sent; null when unknown.');
/** A batch without a look inside its parts; receivers take those apart themselves. */
export const batchHeadSchema = z.looseObject({
  v,
  gateway,
  site: z.string(),
  epoch,
  lane,
  covers: range.describe('All records of the lane in this seq range that this platform may have are inside.'),
  historical: z.boolean().describe('Stored before this connection began.'),
  sent: z.looseObject({ unix_ms: z.number(), clock }),
  base: z.array(base).describe('One per part, in their order.'),
  parts: z.array(z.unknown()),
});
export const batchSchema = batchHeadSchema
  .extend({ parts: z.array(part) })
  .describe(
    'A batch of records of one lane, on …/a, …/b or …/c. Compact JSON, or the same as zlib: the first byte tells, `{` or 0x78.',
  )
  .meta({
    examples: [
      {
        v: 1,
        gateway: 'riverside-1',
        site: 'riverside',
        epoch: '5f1c0a9be2d34417',
        lane: 'c',
        covers: [101, 110],
        historical: false,
        sent: { unix_ms: 1794000000000, clock: 'synced' },
        base: [{ boot: '0a6d3c52-1b7e-4b0e-9f0f-6a1d4c1c2b11', unix_ms: 1793999999000, clock: 'synced' }],
        parts: [
          {
            boot: '0a6d3c52-1b7e-4b0e-9f0f-6a1d4c1c2b11',
            up: 864210.5,
            rev: 3,
            first: 108,
            n: 3,
            points: [['air-1', 'pm2_5', [0, 1], [0, 1000], [12, null], { 1: 'suspect' }]],
            events: [[2, 1000, 'event', 'gate', 'opened', {}]],
          },
        ],
      },
    ],
  });

export const digestSchema = z
  .looseObject({
    v,
    gateway,
    epoch,
    lane,
    from: seq,
    to: z.int().min(0),
    count,
    sha256: sha256.describe('Over the seqs of this lane in the range, 8 bytes big-endian each, ascending.'),
    head: z.int().min(0).describe('Last seq given in this epoch.'),
  })
  .describe('Completeness: what this platform acknowledged in a range of a lane.')
  .meta({
    examples: [
      {
        v: 1,
        gateway: 'riverside-1',
        epoch: '5f1c0a9be2d34417',
        lane: 'c',
        from: 1,
        to: 110,
        count: 96,
        sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        head: 110,
      },
    ],
  });

const fact = z.looseObject({
  code: z.string(),
  severity: z.enum(['info', 'degraded', 'failed']),
  subject: z.string(),
  since_up: z.number(),
  evidence: z.string(),
});
const depth = z.object({ a: count, b: count, c: count });
export const healthSchema = z
  .looseObject({
    v,
    gateway,
    boot,
    up,
    facts: z.array(fact),
    waiting: depth.describe('Records per class not yet acknowledged by this platform.'),
    kept: depth,
    evicted: count,
    quarantined: count,
  })
  .describe('What is not as it should be, now; every 60 s and on change.')
  .meta({
    examples: [
      {
        v: 1,
        gateway: 'riverside-1',
        boot: '0a6d3c52-1b7e-4b0e-9f0f-6a1d4c1c2b11',
        up: 864210.5,
        facts: [
          {
            code: 'device-down',
            severity: 'failed',
            subject: 'noise-1',
            since_up: 800000,
            evidence: 'bus.timeout',
          },
        ],
        waiting: { a: 0, b: 2, c: 140 },
        kept: { a: 12, b: 90, c: 8000 },
        evicted: 0,
        quarantined: 0,
      },
    ],
  });

export const ackSchema = z
  .looseObject({
    v: v.optional(),
    epoch,
    lane,
    ranges: z.array(range).max(10_000),
    nacks: z
      .array(z.looseObject({ seq, reason: z.string().max(200) }))
      .max(10_000)
      .default([])
      .describe('Single records that are refused for good.'),
    replay: z.array(range).max(1000).optional().describe('Ranges wanted again.'),
  })
  .describe(
    'The platform has these ranges of a lane durably; the gateway may forget them. Merged, at most two a second.',
  )
  .meta({
    examples: [
      { v: 1, epoch: '5f1c0a9be2d34417', lane: 'c', ranges: [[1, 110]], nacks: [] },
      {
        v: 1,
        epoch: '5f1c0a9be2d34417',
        lane: 'a',
        ranges: [],
        nacks: [{ seq: 111, reason: 'unknown door' }],
        replay: [[40, 60]],
      },
    ],
  });

export const cmdSchema = z
  .looseObject({
    v: v.optional(),
    id: z.string().min(1).max(80).describe('UUIDv7; an id gets exactly one outcome.'),
    gateway: gateway.optional(),
    target: z.string().min(1).max(80),
    name: z.string().min(1).max(80),
    args: json.default({}),
    issuer: z.string().min(1).max(80),
    reason: z.string().max(400).optional(),
    issued_at: z.string().optional(),
    ttl_ms: z
      .int()
      .min(1)
      .max(3_600_000)
      .default(10_000)
      .describe('From receipt, on the monotonic clock of the gateway.'),
    beat: z.string().optional().describe('Nonce of the newest beat.'),
  })
  .describe('A wish that something be done. Never retained.')
  .meta({
    examples: [
      {
        v: 1,
        id: '01926b0a-5e3c-7a10-8c55-0d7a3c1f9e42',
        gateway: 'riverside-1',
        target: 'gate',
        name: 'open',
        args: {},
        issuer: 'guard-desk',
        ttl_ms: 10000,
        beat: '8d1f5b0c6e2a49d7b3c4f10a2e6d9b58',
      },
    ],
  });

export const resultSchema = z
  .looseObject({
    v,
    id: z.string(),
    result: z
      .enum([
        'accepted',
        'actuated',
        'confirmed',
        'done',
        'unconfirmed',
        'refused',
        'expired',
        'failed',
        'unknown',
      ])
      .describe('The first two are progress; of the others there is exactly one.'),
    facts: json,
  })
  .describe('Progress or outcome of a command.')
  .meta({
    examples: [
      {
        v: 1,
        id: '01926b0a-5e3c-7a10-8c55-0d7a3c1f9e42',
        result: 'refused',
        facts: { reason: 'not-available' },
      },
    ],
  });

/** By the name of the published file. */
export const MESSAGES = {
  status: statusSchema,
  beat: beatSchema,
  inventory: inventorySchema,
  batch: batchSchema,
  digest: digestSchema,
  health: healthSchema,
  ack: ackSchema,
  cmd: cmdSchema,
  'cmd-result': resultSchema,
} as const;

export type Status = z.infer<typeof statusSchema>;
export type AckMessage = z.infer<typeof ackSchema>;
export type CmdMessage = z.infer<typeof cmdSchema>;
export type DigestMessage = z.infer<typeof digestSchema>;
export type BatchMessageHead = z.infer<typeof batchHeadSchema>;

/** The published JSON Schema (2020-12) of a message. */
export function publishedSchema(name: keyof typeof MESSAGES): object {
  const schema = z.toJSONSchema(MESSAGES[name], { target: 'draft-2020-12', io: 'input' });
  return { $id: `urn:gatelodge:contract:1:${name}`, title: name, ...schema };
}
