import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { onTestFinished } from 'vitest';
import type { MessagePipe, OutMessage, PipeOpener } from '../../src/contracts/index.ts';
import { MESSAGES, type MessageName } from '../../src/uplink/shapes/index.ts';
import { DEFAULT_PREFIX, topicsOfAll } from '../../src/uplink/topics.ts';

// Object.keys forgets the names of the keys.
export const NAMES = Object.keys(MESSAGES) as MessageName[];

export const schemaFile = (name: MessageName): URL =>
  new URL(`../../src/uplink/schemas/${name}.schema.json`, import.meta.url);

const validators = new Map<MessageName, ValidateFunction>();

/** The published schema of a message, compiled. */
export function validatorOf(name: MessageName): ValidateFunction {
  const known = validators.get(name);
  if (known) return known;
  // Our tuples may grow at their end.
  const ajv = new Ajv2020({ allowUnionTypes: true, strictTuples: false });
  const made = ajv.compile(JSON.parse(readFileSync(schemaFile(name), 'utf8')));
  validators.set(name, made);
  return made;
}

/** What is wrong with a message by the published schema of its topic; undefined when nothing is. */
export function wrongBySchema(
  { topic, payload }: Pick<OutMessage, 'topic' | 'payload'>,
  prefix = DEFAULT_PREFIX,
): string | undefined {
  const rest = topicsOfAll(prefix).whose(topic)?.rest ?? '';
  const name = nameOf(rest);
  if (!name) return `${topic} is not a topic of the contract`;
  const validate = validatorOf(name);
  const text = payload[0] === 0x78 ? inflateSync(payload) : Buffer.from(payload);
  if (validate(JSON.parse(text.toString()))) return undefined;
  return `${topic}: ${JSON.stringify(validate.errors)} in ${text.toString().slice(0, 300)}`;
}

function nameOf(rest: string): MessageName | undefined {
  if (/^[abc]$/.test(rest)) return 'batch';
  if (/^inventory\/\d+$/.test(rest)) return 'inventory';
  if (/^file\/[0-9a-f-]{36}$/.test(rest)) return 'file';
  if (rest === 'cmd/result') return 'cmd-result';
  if (rest === 'access/state') return 'access-state';
  return NAMES.find((name) => name === rest && !['batch', 'inventory', 'file'].includes(name));
}

/** A pipe whose every message, and the will, is held against the published schemas; the test fails when one does not fit (MQ-7). */
export function tapped(open: PipeOpener, prefix = DEFAULT_PREFIX): PipeOpener {
  const wrong: string[] = [];
  const look = (message: OutMessage) => {
    const found = message.payload.length > 0 && wrongBySchema(message, prefix);
    if (found) wrong.push(found);
  };
  onTestFinished(() => {
    if (wrong.length > 0) throw new Error(`${wrong.length} messages are not of the contract: ${wrong[0]}`);
  });
  return async (settings, signal) => {
    if (settings.will) look(settings.will);
    const inner: MessagePipe = await open(settings, signal);
    const publish = (message: OutMessage) => {
      look(message);
      return inner.publish(message);
    };
    return { ...inner, publish };
  };
}
