import { type AnyDriver, Fault, type JsonObject, type ModbusLink } from '#kit';
import { openLibrary } from '../../drivers/index.ts';
import { memoryModbus } from './memory-links.ts';

const call = { signal: new AbortController().signal, priority: 'command' as const };

/** A driver of Modbus relays on a simulated board: its own, or that of another driver. */
export async function relayWorld(
  id: string,
  { options = {}, at = id, quirks = {} }: { options?: object; at?: string; quirks?: JsonObject } = {},
) {
  const library = await openLibrary();
  const driver: AnyDriver = await library.load(id);
  const chosen = driver.options.parse(options);
  const stranger = await library.load(at);
  const far = (await library.simulator(at)).open(at === id ? chosen : stranger.options.parse({}), 1);
  if (far.kind !== 'modbus') throw new Error(`${at} is no Modbus unit`);
  far.set(quirks);
  const link = memoryModbus(far);
  // The link is the Modbus one that the driver names.
  const session = driver.open(link as never, chosen);
  const act = async (name: string, args: JsonObject = {}) => {
    const result = await session.act?.(name, args, call);
    if (!result) throw new Error(`${id} does not act`);
    return result;
  };
  const sample = async () => (await session.sample?.(call)) ?? {};
  /** Numbers of the relays that are on. */
  const relays = async () =>
    Object.entries(await sample()).flatMap(([name, on]) =>
      name.startsWith('relay-') && on === true ? [Number(name.slice(6))] : [],
    );
  /** Function codes of what was sent that is no read. */
  const writes = () => link.sent.flatMap((frame) => ((frame[1] ?? 0) > 4 ? [frame] : []));
  return {
    driver,
    chosen,
    far,
    link,
    session,
    act,
    sample,
    relays,
    writes,
    rest: () => session.rest?.(call),
  };
}

/** The unit acts, but nothing of its answers to writes arrives. */
export function loseReplies(link: ModbusLink): void {
  const { write } = link;
  link.write = async (wish, about) => {
    await write(wish, about);
    throw new Fault('bus.no-reply', { sent: true });
  };
}
