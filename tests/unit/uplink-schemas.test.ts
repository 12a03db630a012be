import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MESSAGES } from '../../src/uplink/shapes/index.ts';
import { NAMES, schemaFile, validatorOf, wrongBySchema } from '../support/contract-tap.ts';

const published = (name: (typeof NAMES)[number]) => JSON.parse(readFileSync(schemaFile(name), 'utf8'));
const examplesOf = (name: (typeof NAMES)[number]): object[] => published(name).examples;
const message = (rest: string, value: unknown) => ({
  topic: `gl/1/riverside/gate-1/${rest}`,
  payload: Buffer.from(JSON.stringify(value)),
});

describe('the published schemas', () => {
  it('are one for each message and no other', () => {
    const folder = new URL('../../src/uplink/schemas/', import.meta.url);
    expect(readdirSync(folder).sort()).toEqual(NAMES.map((name) => `${name}.schema.json`).sort());
  });

  it.each(
    NAMES,
  )('%s has examples, and they are valid by the schema and by the check of our own ends', (name) => {
    const examples = examplesOf(name);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      expect(validatorOf(name)(example), JSON.stringify(validatorOf(name).errors)).toBe(true);
      expect(MESSAGES[name].safeParse(example).success).toBe(true);
    }
  });

  it.each(NAMES)('%s lets additions pass, at every level that is an object', (name) => {
    for (const example of examplesOf(name)) {
      const later = added(example);
      expect(validatorOf(name)(later), JSON.stringify(validatorOf(name).errors)).toBe(true);
      expect(MESSAGES[name].safeParse(later).success).toBe(true);
    }
  });

  it.each(
    NAMES,
  )('%s and the check of our own ends both refuse a message without what must be there', (name) => {
    // Of several forms the first example is of the first.
    const { required, anyOf } = published(name);
    const [example = {}] = examplesOf(name);
    const needed: string[] = required ?? anyOf[0].required;
    expect(needed.length).toBeGreaterThan(0);
    for (const field of needed) {
      const { [field]: _, ...without } = example as Record<string, unknown>;
      expect(validatorOf(name)(without), `${name} without ${field}`).toBe(false);
      expect(MESSAGES[name].safeParse(without).success, `${name} without ${field}`).toBe(false);
    }
  });

  it('read a state that a later version adds', () => {
    const [status] = examplesOf('status');
    expect(MESSAGES.status.safeParse({ ...status, clock: 'atomic', state: 'sleeping' }).success).toBe(true);
  });
});

describe('the tap that holds every message of the tests against the schemas', () => {
  it('finds the schema of each topic, and what does not fit', () => {
    const [status] = examplesOf('status');
    const [batch] = examplesOf('batch');
    const [page] = examplesOf('inventory');
    const [result] = examplesOf('cmd-result');
    const good = [
      ['status', status],
      ['b', batch],
      ['inventory/3', page],
      ['cmd/result', result],
    ] as const;
    for (const [rest, value] of good) expect(wrongBySchema(message(rest, value))).toBeUndefined();
    expect(wrongBySchema(message('status', { ...status, epoch: 'x' }))).toContain('epoch');
    expect(wrongBySchema(message('c', { ...batch, covers: [1] }))).toContain('covers');
    expect(wrongBySchema(message('nowhere', {}))).toContain('not a topic');
  });
});

/** The same with a field nobody knows in every object of the message itself. */
function added(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(added);
  if (typeof value !== 'object' || value === null) return value;
  // Some objects are maps of texts or of points: there a key is data and not a field.
  const isMap = Object.keys(value).every((key) => !/^[a-z]/.test(key)) || MAPS.some((key) => key in value);
  const inner = Object.entries(value).map(([key, one]) => [
    key,
    key === 'versions' || key === 'points' ? one : added(one),
  ]);
  return { ...Object.fromEntries(inner), ...(!isMap && { added_later: { by: 'a newer version' } }) };
}
const MAPS = ['pm2_5', 'gatelodge'];
