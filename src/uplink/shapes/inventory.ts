import { createHash } from 'node:crypto';
import { z } from 'zod';
import { EXAMPLE, gateway, id, pointId, sha256, v } from './words.ts';

const EXAMPLE_DEVICES = [
  {
    id: 'air-1',
    name: 'Air at the gate',
    driver: 'pms5003',
    zone: 'gate',
    evidence: 'simulated',
    points: { pm2_5: { kind: 'number', about: 'Fine particles.', unit: 'ug/m3', min: 0, max: 1000 } },
  },
];

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
  derived: z
    .looseObject({
      type: z.string().describe('`parking`, `noise`, `air-quality`; unknown ones are ignored.'),
      made_of: z.array(z.string()).describe('`device/point` of each reading it is made of.'),
    })
    .optional()
    .describe('The device does not exist: its values are made of those of others.'),
  points: z.record(pointId, inventoryPoint),
});
export const inventorySchema = z
  .looseObject({
    v,
    gateway,
    revision: z.int().min(0).describe('Grows with every change.'),
    page: z.int().min(0).describe('Number of this page, from 0, as in the topic.'),
    pages: z.int().min(1).describe('How many there are.'),
    hash: sha256.describe('SHA-256 over the JSON text of all devices as one compact array, hex.'),
    devices: z.array(inventoryDevice).describe('The devices of this page.'),
  })
  .describe(
    'One page of the inventory, retained, at most 64 KiB. Pages of one revision belong together; a page number at or above `pages` is old.',
  )
  .meta({
    examples: [
      {
        v: 1,
        gateway: EXAMPLE.gateway,
        revision: 3,
        page: 0,
        pages: 1,
        hash: createHash('sha256').update(JSON.stringify(EXAMPLE_DEVICES)).digest('hex'),
        devices: EXAMPLE_DEVICES,
      },
    ],
  });
