import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as kit from '#kit';

const README = readFileSync('src/kit/README.md', 'utf8');
const named = new Set(
  [...README.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => code.match(/\w+/g) ?? []),
);

describe('the README of the kit', () => {
  it('names everything the kit gives', () => {
    expect(Object.keys(kit).filter((name) => !named.has(name))).toEqual([]);
  });

  it('names every part of a definition, a session and a far end that the contracts have', () => {
    const contracts = ['driver', 'simulator', 'links'].map((file) =>
      readFileSync(`src/contracts/${file}.ts`, 'utf8'),
    );
    const [driver = '', simulator = '', links = ''] = contracts;
    const parts = [
      ...fieldsOf(driver, 'DriverDefinition'),
      ...['Observing', 'Acting'].flatMap((name) => fieldsOf(driver, name)),
      ...['FarEndBase', 'BytesFarEnd', 'ModbusFarEnd'].flatMap((name) => fieldsOf(simulator, name)),
      ...['BytesLink', 'ModbusLink', 'Call'].flatMap((name) => fieldsOf(links, name)),
    ];
    expect(parts.length).toBeGreaterThan(25);
    const known = ['kind', 'also'];
    expect(
      parts.filter((name) => !named.has(name) && !README.includes(name) && !known.includes(name)),
    ).toEqual([]);
  });
});

/** Names of the members of an interface, as its text has them. */
function fieldsOf(text: string, name: string): string[] {
  const [, body = ''] = new RegExp(`interface ${name}\\b[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(text) ?? [];
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?(:]/gm)].flatMap(([, field]) => field ?? []);
}
