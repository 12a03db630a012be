import { type ActResult, asFault, type Call, Fault, type JsonObject, type Sample, type UdpLink } from '#kit';
import * as codec from './codec.ts';
import { eventToTell } from './events.ts';
import { doorArgs, type Options } from './options.ts';
import { statusPoints } from './shown.ts';

/** Longest history that is read at one look; the rest follows at the next. */
const MOST_AT_ONCE = 50;
/** Another program may have made itself the listener: it is looked at again every so many looks. */
const PREPARE_EVERY = 60;

const MISSED = 'events-missed';

interface Unit {
  readonly link: UdpLink;
  readonly chosen: Options;
  serial: number;
  /** Looks until the listener is to be looked at; 0 after it was away, since it may have lost its settings. */
  unprepared_in: number;
  /** Number of the newest event that is told and kept; undefined: the controller has not been asked yet. */
  told: number | undefined;
  /** The same, as the controller was told. */
  noted: number | undefined;
}

export function openSession(link: UdpLink, chosen: Options) {
  const unit: Unit = {
    link,
    chosen,
    serial: chosen.serial,
    unprepared_in: 0,
    told: undefined,
    noted: undefined,
  };
  return {
    sample: (call: Call) => sample(unit, call),
    // Live events are told twice or not at all as the network pleases; what counts is the history.
    nudges: ({ signal }: Call) =>
      link.packets((datagram) => isOf(unit, codec.readMessage(datagram), 'status'), signal),
    act: (name: string, args: JsonObject, call: Call) => act(unit, { name, args }, call),
    rest: (call: Call) => rest(unit, call),
  };
}

async function sample(unit: Unit, call: Call): Promise<Sample> {
  try {
    await meet(unit, call);
    if (unit.unprepared_in === 0) await prepare(unit, call);
    unit.unprepared_in -= 1;
    const { status } = await ask(unit, codec.statusRequest(unit.serial), 'status', call);
    await catchUp(unit, status, call);
    return statusPoints(status, unit.chosen.doors);
  } catch (error) {
    unit.unprepared_in = 0;
    throw error;
  }
}

/** Its serial number, where the site file does not say it. Fault driver.value when not exactly one controller answers. */
async function meet(unit: Unit, call: Call): Promise<void> {
  if (unit.serial !== 0) return;
  const found = [...(await discover(unit, call)).keys()];
  const [only] = found;
  if (found.length === 0) throw new Fault('bus.no-reply', { bus: 'udp', unit: 0, timeout_ms: 0, sent: true });
  if (only === undefined || found.length > 1)
    throw new Fault('driver.value', {
      point: 'serial',
      got: found.join(', '),
      expected: 'one of them as option serial',
    });
  unit.serial = only;
}

/** Every controller that answers, by its serial number. */
async function discover({ link }: Unit, call: Call): Promise<ReadonlyMap<number, codec.Controller>> {
  const answers = await link.collect(
    codec.discoverRequest(),
    (datagram) => codec.readMessage(datagram).kind === 'controller',
    call,
  );
  const found = new Map<number, codec.Controller>();
  for (const answer of answers) {
    const said = codec.readMessage(answer);
    if (said.kind === 'controller') found.set(said.serial, said.controller);
  }
  return found;
}

/** Live events come here, and those of doors and buttons are told too. */
async function prepare(unit: Unit, call: Call): Promise<void> {
  const { link, serial } = unit;
  const here = await link.listener(call);
  if (here) {
    const there = await ask(unit, codec.readListenerRequest(serial), 'listener', call);
    if (there.host !== here.host || there.port !== here.port)
      await agree(unit, codec.listenerRequest(serial, here.host, here.port), call);
  }
  await agree(unit, codec.specialEventsRequest(serial, true), call);
  unit.unprepared_in = PREPARE_EVERY;
}

/**
 * Tells every event since the last one that was kept, in order. The controller is told how far that is only when it can no longer be lost here;
 * so after an outage of either side the history goes on where it was left. A gateway that died in between finds its own mark, kept with the event.
 */
async function catchUp(unit: Unit, { event: newest }: codec.Status, call: Call): Promise<void> {
  const last = newest?.index ?? 0;
  unit.told ??= await begin(unit, last, call);
  // Its history was cleared: it begins anew.
  if (last < unit.told) unit.told = 0;
  for (let count = 0; unit.told < last && count < MOST_AT_ONCE; count += 1) {
    const index: number = unit.told + 1;
    const found =
      index === last && newest
        ? { event: newest, overwritten: false }
        : await ask(unit, codec.eventRequest(unit.serial, index), 'event', call);
    const upTo = found.event ? index : await endOfGap(unit, { index, last }, call);
    const { name, fields } = found.event
      ? eventToTell(found.event)
      : { name: MISSED, fields: { from: index, to: upTo } };
    const mark = { serial: unit.serial, index: upTo, name, fields };
    if (call.tell && !(await call.tell(name, fields, mark))) break;
    unit.told = upTo;
  }
  if (unit.told === unit.noted) return;
  await agree(unit, codec.setPositionRequest(unit.serial, unit.told), call);
  unit.noted = unit.told;
}

/** Where the history was left. A controller that nobody has read yet says 0. */
async function begin(unit: Unit, last: number, call: Call): Promise<number> {
  const { index } = await ask(unit, codec.positionRequest(unit.serial), 'position', call);
  unit.noted = index;
  const mark = await call.mark?.();
  if (mark?.serial !== unit.serial) return index === 0 && unit.chosen.history === 'from-now' ? last : index;
  const ahead = Number(mark.index);
  return ahead > index && ahead <= last && (await isThere(unit, mark, call)) ? ahead : index;
}

/** An earlier run kept this event and had no time to tell the controller. After its history was cleared another one may have that number. */
async function isThere(unit: Unit, mark: JsonObject, call: Call): Promise<boolean> {
  const { event } = await ask(unit, codec.eventRequest(unit.serial, Number(mark.index)), 'event', call);
  // Of what was missed, that it is still not there is all there is to see.
  if (!event) return mark.name === MISSED;
  const { name, fields } = eventToTell(event);
  return name === mark.name && JSON.stringify(fields) === JSON.stringify(mark.fields);
}

/** The last event that is not there any more, from this one on. */
async function endOfGap(
  unit: Unit,
  { index, last }: { readonly index: number; readonly last: number },
  call: Call,
): Promise<number> {
  const { event: oldest } = await ask(unit, codec.eventRequest(unit.serial, 0), 'event', call);
  const first = oldest?.index ?? 0;
  return first > index && first <= last ? first - 1 : index;
}

interface Wish {
  readonly name: string;
  readonly args: JsonObject;
}

async function act(unit: Unit, wish: Wish, call: Call): Promise<ActResult> {
  call.signal.throwIfAborted();
  try {
    if (wish.name === 'discover') {
      const found = [...(await discover(unit, call))].map(([serial, about]) => ({ serial, ...about }));
      return { result: 'done', facts: { controllers: found } };
    }
    await meet(unit, call);
    const door = Number(wish.args.door);
    if (door > unit.chosen.doors)
      throw new Fault('command.bad-args', {
        target: 'uhppote',
        name: wish.name,
        text: `door: it has ${unit.chosen.doors}`,
      });
    return wish.name === 'open' ? await open(unit, wish.args, call) : await setDoor(unit, wish.args, call);
  } catch (error) {
    const { code, facts } = asFault(error);
    if (code === 'command.bad-args') throw error;
    const unsent = facts.sent === false;
    return { result: unsent ? 'failed' : 'unknown', facts: { fault: code, ...(unsent && { sent: false }) } };
  }
}

/** A length is a setting of the door: it is set first when it is another one. */
async function open(unit: Unit, args: JsonObject, call: Call): Promise<ActResult> {
  const door = Number(args.door);
  const effective_ms = Number(args.ms) === 0 ? undefined : 1000 * codec.delaySeconds(Number(args.ms));
  if (effective_ms !== undefined) {
    const { control } = await ask(unit, codec.readControlRequest(unit.serial, door), 'door-control', call);
    const delay_s = effective_ms / 1000;
    if (control.delay_s !== delay_s)
      await ask(unit, codec.doorControlRequest(unit.serial, { ...control, delay_s }), 'door-control', call);
  }
  const { ok } = await ask(unit, codec.openDoorRequest(unit.serial, door), 'answer', call);
  return ok
    ? { result: 'done', facts: effective_ms === undefined ? {} : { effective_ms } }
    : { result: 'failed', facts: { fault: 'driver.value', text: 'the controller refuses' } };
}

async function setDoor(unit: Unit, args: JsonObject, call: Call): Promise<ActResult> {
  const wish = doorArgs.parse(args);
  const { control } = await ask(unit, codec.doorControlRequest(unit.serial, wish), 'door-control', call);
  const same = control.door === wish.door && control.mode === wish.mode && control.delay_s === wish.delay_s;
  return same
    ? { result: 'done', facts: {} }
    : { result: 'failed', facts: { fault: 'driver.value', text: `door ${control.door} is ${control.mode}` } };
}

/**
 * Doors are the controller's own affair: it ends an unlocking by itself, and goes on without the gateway. So they are left to it, or only those given back
 * that stand open for good. One that is kept closed stays so: somebody has locked it. Nor is anything changed in a fire.
 */
async function rest(unit: Unit, call: Call): Promise<void> {
  if (unit.chosen.rest === 'hold') return;
  await meet(unit, call);
  const { status } = await ask(unit, codec.statusRequest(unit.serial), 'status', call);
  if (status.fire) return;
  for (let door = 1; door <= unit.chosen.doors; door += 1) {
    const { control } = await ask(unit, codec.readControlRequest(unit.serial, door), 'door-control', call);
    // Setting a door ends an unlocking that is running.
    if (control.mode !== 'open') continue;
    const mode = 'controlled';
    await ask(unit, codec.doorControlRequest(unit.serial, { ...control, mode }), 'door-control', call);
  }
}

type Said<K extends codec.Message['kind']> = Extract<codec.Message, { readonly kind: K }>;

/** A question, and the answer of this controller to it: same function, same serial number, same door or event where it says one. */
async function ask<K extends codec.Message['kind']>(
  unit: Unit,
  request: Uint8Array,
  kind: K,
  call: Call,
): Promise<Said<K>> {
  const fits = (said: codec.Message): said is Said<K> => isOf(unit, said, kind);
  const answer = await unit.link.exchange(
    request,
    (datagram) => codec.answers(request, datagram) && fits(codec.readMessage(datagram)),
    call,
  );
  const said = codec.readMessage(answer);
  if (fits(said)) return said;
  throw new Fault('internal', { text: 'an answer that fitted does not any more' });
}

const isOf = ({ serial }: Unit, said: codec.Message, kind: codec.Message['kind']): boolean =>
  said.kind === kind && said.serial === serial;

/** A setting that is answered with yes or no. Fault driver.value for no. */
async function agree(unit: Unit, request: Uint8Array, call: Call): Promise<void> {
  const { ok, to } = await ask(unit, request, 'answer', call);
  if (!ok) throw new Fault('driver.value', { point: to, got: 'no', expected: 'yes' });
}
