// The generated part of the published contract: the fields of every message, a worked example made by the code itself, reactions to reason codes.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { constants, deflateRawSync, inflateSync } from 'node:zlib';
import { makePart } from '../../dist/src/model/index.js';
import { adler32 } from '../../dist/src/uplink/adler.js';
import { headOf, planBatch } from '../../dist/src/uplink/payload.js';
import { REASONS } from '../../dist/src/uplink/reasons.js';
import { MESSAGES, publishedSchema } from '../../dist/src/uplink/shapes/index.js';
import { refreshBlock, table, valuesOf } from '../lib/markdown.mjs';

const file = 'src/uplink/README.md';
const EPOCH = '5f1c0a9be2d34417';
const BOOT = '0a6d3c52-1b7e-4b0e-9f0f-6a1d4c1c2b11';

const fields = () =>
  Object.keys(MESSAGES)
    .map((name) => {
      const { description, anyOf, ...only } = publishedSchema(name);
      const tables = (anyOf ?? [only]).map(fieldTable).join('\n\nor\n\n');
      return `### ${name}\n\n${description} [Schema](schemas/${name}.schema.json), with examples.\n\n${tables}`;
    })
    .join('\n\n');

function fieldTable({ properties, required = [] }) {
  const rows = Object.entries(properties).map(([field, schema]) => [
    `\`${field}\`${required.includes(field) ? '' : ' (optional)'}`,
    schema.pattern ? 'text' : openValues(schema),
    schema.description ?? '',
  ]);
  return table(['field', 'values', 'what it is'], rows);
}

/** A list that may grow says so. */
function openValues(schema) {
  const [listed, other] = schema.anyOf ?? [];
  return listed?.enum && other?.type === 'string' ? `${valuesOf(listed)}, …` : valuesOf(schema);
}

/** Two devices at 1 Hz for two seconds, the second value of one of them repeated; and what a platform makes of it. */
function example() {
  const reading = (device, point, value, up, quality = 'good') => ({
    kind: 'reading',
    lane: 'c',
    device,
    point,
    value,
    quality,
    stamp: { boot: BOOT, up },
  });
  const entries = [
    reading('air-1', 'pm2_5', 12, 864_000),
    reading('noise-1', 'level', 41.5, 864_007),
    reading('air-1', 'pm2_5', 13, 865_000),
    reading('noise-1', 'level', 41.5, 865_007, 'stale'),
  ];
  const part = makePart(entries, 108, 3);
  const text = Buffer.from(JSON.stringify(part));
  const packed = {
    // Not compressed: how well it is compressed depends on the machine, and this must not.
    deflated: deflateRawSync(text, { level: 0, finishFlush: constants.Z_SYNC_FLUSH }),
    adler: adler32(text),
    length: text.length,
    first: part.first,
    n: part.n,
    boot: part.boot,
    base: { unix_ms: 1_794_000_000_000, clock: 'synced' },
  };
  const lease = { epoch: EPOCH, lane: 'c', head: 'live', covers: [101, 111] };
  const who = { gateway: 'riverside-1', site: 'riverside' };
  const head = headOf(lease, who, { unix_ms: 1_794_000_002_000, clock: 'synced' });
  const zlib = Buffer.from(planBatch(head, [packed], true).build());
  const json = JSON.parse(inflateSync(zlib).toString());
  const seqs = entries.map((_, index) => 108 + index);
  const bytes = Buffer.alloc(8 * seqs.length);
  for (const [index, seq] of seqs.entries()) bytes.writeBigUInt64BE(BigInt(seq), 8 * index);
  const rows = part.points.flatMap(([device, point, offsets, times, values, quality]) =>
    offsets.map((offset, index) => [
      part.first + offset,
      device,
      point,
      values[index],
      quality?.[index] ?? 'good',
      new Date(json.base[0].unix_ms + times[index]).toISOString(),
    ]),
  );
  const ack = { v: 1, epoch: EPOCH, lane: 'c', ranges: [[101, 111]], nacks: [] };
  return `The payload of a message on \`gl/1/riverside/riverside-1/c\`, ${zlib.length} bytes, as hex. The first byte is 78, so it is zlib (of blocks that are only stored here; usually they are deflated, to a fifth or less):

\`\`\`text
${zlib
  .toString('hex')
  .match(/.{1,96}/g)
  .join('\n')}
\`\`\`

Inflated, with line breaks put in for reading:

\`\`\`json
${pretty(json)}
\`\`\`

A column is device, point, seq offsets from \`first\`, time offsets in ms from \`up\`, values, and (only where some are not good) quality by index. So it holds:

${table(
  ['seq', 'device', 'point', 'value', 'quality', 'wall time'],
  rows.sort(([x], [y]) => x - y),
)}

The key of the first row is (\`riverside-1\`, \`${EPOCH}\`, ${rows[0][0]}). When all are stored durably, the platform publishes on \`gl/1/riverside/riverside-1/ack\`:

\`\`\`json
${JSON.stringify(ack)}
\`\`\`

Seqs 101 to 107 are in \`covers\` and not in the batch: they belong to other lanes. The digest of this lane over 101 to 111 has count ${seqs.length} and the SHA-256 of the ${bytes.length} bytes \`${bytes.toString('hex').match(/.{16}/g).join(' ')}\`:

\`\`\`text
${createHash('sha256').update(bytes).digest('hex')}
\`\`\``;
}

/** One line for each field of the message and of its parts. */
const pretty = (json) => {
  const line = ([key, value]) => `  "${key}": ${JSON.stringify(value)}`;
  return `{\n${Object.entries(json).map(line).join(',\n')}\n}`;
};

function reasons() {
  const rows = Object.entries(REASONS).map(([code, { name, lost, puback, suback }]) => [
    `0x${Number(code).toString(16).padStart(2, '0')}`,
    name,
    lost ?? '',
    puback ?? '',
    suback ?? '',
  ]);
  return table(['code', 'reason', 'CONNACK or DISCONNECT', 'PUBACK', 'SUBACK'], rows);
}

const block = () => `## A worked example

${example()}

## Fields of every message

${fields()}

## Reason codes of MQTT 5 and what the gateway does

${reasons()}
`;

export default [{ file, make: () => refreshBlock(file, readFileSync(file, 'utf8'), block()) }];
