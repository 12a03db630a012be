import type { CommandClaims, CommandReport, OutMessage } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import type { JsonObject } from '../model/index.ts';
import type { Pump } from './pump.ts';
import { type AckMessage, accessSchema, ackSchema, claimsSchema, cmdSchema } from './shapes/index.ts';
import type { Topics } from './topics.ts';
import type { UplinkWorld } from './world.ts';

/** Larger is no acknowledgement, no command and no page of ours. */
const LARGEST = 256 * 1024;

export interface InboxWorld {
  readonly uplink: string;
  readonly world: Pick<UplinkWorld, 'commands' | 'clock' | 'access'>;
  readonly topics: Topics;
  readonly pump: Pick<Pump, 'acknowledged' | 'replay'>;
  readonly beats: () => readonly string[];
  readonly say: (message: OutMessage) => Promise<unknown>;
  readonly bad: (fault: Fault) => void;
}

/** What comes down: acknowledgements, commands and pages of credential lists, of our own topics only, checked against the schema; what is not of the contract is counted and dropped. */
export function inbox(
  to: InboxWorld,
): (topic: string, payload: Uint8Array, flags: { readonly retain: boolean }) => void {
  return (topic, payload, { retain }) => {
    const { ack, cmd, access } = to.topics;
    if (topic !== ack && topic !== cmd && topic !== access) return;
    // Somebody took back what the broker had kept.
    if (topic === access && payload.length === 0) return;
    try {
      const message = parse(payload);
      if (topic === ack) takeAck(to, message, retain);
      else if (topic === cmd) takeCommand(to, message, retain);
      // Retained or not: its version tells whether it is of today.
      else to.world.access?.receive(accessSchema.parse(message).jws, to.uplink);
    } catch (error) {
      const reason = error instanceof Error ? firstLine(error.message) : String(error);
      to.bad(new Fault('uplink.bad-message', { topic, reason }));
    }
  };
}

function parse(payload: Uint8Array): unknown {
  if (payload.length > LARGEST) throw new Error(`${payload.length} bytes`);
  return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString());
}

function takeAck({ pump, topics, bad }: InboxWorld, message: unknown, retained: boolean): void {
  // An ack lets us forget; an old one that the broker kept says nothing about what the platform has today.
  if (retained) throw new Error('an acknowledgement must not be retained');
  const ack: AckMessage = ackSchema.parse(message);
  const { epoch, lane, ranges, nacks, replay } = ack;
  const wrong = [...ranges, ...(replay ?? [])].find(([from, to]) => from > to);
  if (wrong) throw new Error(`the range ${wrong[0]}–${wrong[1]} ends before it begins`);
  if (ranges.length > 0 || nacks.length > 0) pump.acknowledged({ epoch, lane, ranges, nacks });
  if (!replay?.length) return;
  pump.replay({ epoch, lane, ranges: replay }).catch((error) => {
    bad(new Fault('uplink.bad-message', { topic: topics.ack, reason: `replay: ${String(error)}` }));
  });
}

function takeCommand(to: InboxWorld, message: unknown, retained: boolean): void {
  const { jws, ...clear } = cmdSchema.parse(message);
  const said = claimsSchema.parse(typeof jws === 'string' ? payloadOf(jws) : clear);
  const { id, target, name, args, ttl_ms, issuer, gateway, reason, issued_at, beat } = said;
  const answer = async (report: CommandReport): Promise<void> => {
    const payload = Buffer.from(JSON.stringify({ v: 1, ...report }));
    // The outcome is a record too: whoever is gone by now finds it there.
    await to.say({ topic: to.topics.result, payload, qos: 1, retain: false }).catch(() => {});
  };
  const claims: CommandClaims = {
    ...{ id, target, name, ttl_ms, issuer },
    // JSON text that passed the schema is of this shape.
    args: args as JsonObject,
    ...(gateway !== undefined && { gateway }),
    ...(reason !== undefined && { reason }),
    ...(issued_at !== undefined && { issued_ms: issued_at }),
    ...(beat !== undefined && { beat }),
  };
  to.world.commands(
    { claims, jws: typeof jws === 'string' ? jws : undefined, answer },
    { uplink: to.uplink, received: to.world.clock.now(), retained, beats: to.beats() },
  );
}

/** What a JWS in compact form says; whether it is true its signature tells, later. */
function payloadOf(jws: string): unknown {
  const [, payload = ''] = jws.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

const firstLine = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 200);
