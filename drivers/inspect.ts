import type { AnyDriver, Decoded, DriverCard, JsonObject, Look, Texts } from '#kit';
import { Fault, fromHex, problemsOf, toHex } from '#kit';

/** Options and arguments as they stand on a command line: the texts that the schema takes as numbers or flags become such. */
export function decodeWith(driver: AnyDriver, hex: string, { set, request }: Look): Decoded {
  return driver.decode(
    fromHex(hex),
    optionsOf(driver, set),
    request === undefined ? undefined : fromHex(request),
  );
}

export function encodeWith(
  driver: AnyDriver,
  wish: { readonly command: string; readonly args: Texts },
  { set, unit }: Omit<Look, 'request'>,
): string {
  const spec = Object.hasOwn(driver.commands, wish.command) ? driver.commands[wish.command] : undefined;
  if (!spec || !driver.encode) {
    const known = Object.keys(driver.commands).join(', ') || 'none';
    throw new Fault('command.unknown', { target: driver.id, name: wish.command, known });
  }
  const fitting = readings(wish.args).find((args) => spec.args.safeParse(args).success) ?? guess(wish.args);
  return toHex(driver.encode(wish.command, fitting, optionsOf(driver, set), unit ?? driver.wire.unit ?? 1));
}

function optionsOf(driver: AnyDriver, set: Texts = {}): unknown {
  const inputs = readings(set);
  for (const input of inputs) {
    const parsed = driver.options.safeParse(input);
    if (parsed.success) return parsed.data;
  }
  const parsed = driver.options.safeParse(inputs[0]);
  if (parsed.success) return parsed.data;
  throw new Fault('driver.bad-options', { id: driver.id, text: problemsOf(parsed.error) });
}

/** The ways such texts can be meant: as what they look like, or as they stand. */
const readings = (texts: Texts): JsonObject[] => [guess(texts), texts];

const guess = (texts: Texts): JsonObject =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, meaningOf(text)]));

function meaningOf(text: string): JsonObject[string] {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^0x[0-9a-f]+$/i.test(text) || /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function describeDriver(driver: AnyDriver, preset: JsonObject, set: Texts = {}): DriverCard {
  const options = driver.options.safeParse({ ...preset, ...guess(set) });
  return {
    driver,
    preset,
    points: options.success ? driver.points(options.data) : undefined,
    warm_up_ms: options.success ? driver.warm_up_ms?.(options.data) : undefined,
  };
}
