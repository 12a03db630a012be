/**
 * Every reason code of MQTT 5 (OASIS standard, 2.4) that a broker can give us, and what we do about it; then the return codes of
 * MQTT 3.1.1 (3.2.2.3). A code that is in neither table is treated as 0x80.
 *
 * To a refused connection or a DISCONNECT: `again` with the usual back-off; `slowly` with the long one; `older` with MQTT 3.1.1;
 * `fix` with the usual back-off and health uplink-refused, because somebody has to change something; `twin` with the long one and
 * health uplink-taken-over.
 *
 * To a PUBACK: `taken`; `poison` this message will never be taken, find the record and set it aside; `doubtful` it may be the message or
 * the broker: send it again in smaller pieces, and call it poison only when a single record is refused while others are taken;
 * `hold` somebody has to change something: keep everything and try again later; `drop` our book-keeping and the broker's differ: connect anew.
 *
 * To a SUBACK: `taken`, or `hold` which keeps the connection and tries again later.
 */
export type LostReaction = 'again' | 'slowly' | 'older' | 'fix' | 'twin';
export type PublishReaction = 'taken' | 'poison' | 'doubtful' | 'hold' | 'drop';

export interface Reason {
  readonly name: string;
  readonly lost?: LostReaction;
  readonly puback?: PublishReaction;
  readonly suback?: 'taken' | 'hold';
}

export const REASONS = {
  0: { name: 'success', lost: 'again', puback: 'taken', suback: 'taken' },
  1: { name: 'granted QoS 1', suback: 'taken' },
  2: { name: 'granted QoS 2', suback: 'taken' },
  4: { name: 'disconnect with will message', lost: 'again' },
  16: { name: 'no matching subscribers', puback: 'taken' },
  17: { name: 'no subscription existed' },
  24: { name: 'continue authentication', lost: 'fix' },
  25: { name: 're-authenticate', lost: 'fix' },
  128: { name: 'unspecified error', lost: 'again', puback: 'doubtful', suback: 'hold' },
  129: { name: 'malformed packet', lost: 'again' },
  130: { name: 'protocol error', lost: 'again' },
  131: { name: 'implementation specific error', lost: 'again', puback: 'doubtful', suback: 'hold' },
  132: { name: 'unsupported protocol version', lost: 'older' },
  133: { name: 'client identifier not valid', lost: 'fix' },
  134: { name: 'bad user name or password', lost: 'fix' },
  135: { name: 'not authorized', lost: 'fix', puback: 'hold', suback: 'hold' },
  136: { name: 'server unavailable', lost: 'again' },
  137: { name: 'server busy', lost: 'again' },
  138: { name: 'banned', lost: 'slowly' },
  139: { name: 'server shutting down', lost: 'again' },
  140: { name: 'bad authentication method', lost: 'fix' },
  141: { name: 'keep alive timeout', lost: 'again' },
  142: { name: 'session taken over', lost: 'twin' },
  143: { name: 'topic filter invalid', lost: 'fix', suback: 'hold' },
  144: { name: 'topic name invalid', lost: 'fix', puback: 'hold' },
  145: { name: 'packet identifier in use', lost: 'again', puback: 'drop', suback: 'hold' },
  146: { name: 'packet identifier not found', lost: 'again', puback: 'drop' },
  147: { name: 'receive maximum exceeded', lost: 'again' },
  148: { name: 'topic alias invalid', lost: 'again' },
  149: { name: 'packet too large', lost: 'again', puback: 'poison' },
  150: { name: 'message rate too high', lost: 'slowly' },
  151: { name: 'quota exceeded', lost: 'slowly', puback: 'hold', suback: 'hold' },
  152: { name: 'administrative action', lost: 'slowly' },
  153: { name: 'payload format invalid', lost: 'again', puback: 'poison' },
  154: { name: 'retain not supported', lost: 'fix' },
  155: { name: 'QoS not supported', lost: 'fix' },
  156: { name: 'use another server', lost: 'fix' },
  157: { name: 'server moved', lost: 'fix' },
  158: { name: 'shared subscriptions not supported', lost: 'fix', suback: 'hold' },
  159: { name: 'connection rate exceeded', lost: 'slowly' },
  160: { name: 'maximum connect time', lost: 'again' },
  161: { name: 'subscription identifiers not supported', lost: 'fix', suback: 'hold' },
  162: { name: 'wildcard subscriptions not supported', lost: 'fix', suback: 'hold' },
} as const satisfies Readonly<Record<number, Reason>>;

/** MQTT 3.1.1 says only why a connection is refused; they read as the reason of MQTT 5 that means the same. */
const RETURN_CODES = {
  1: 0x84,
  2: 0x85,
  3: 0x88,
  4: 0x86,
  5: 0x87,
} as const satisfies Readonly<Record<number, keyof typeof REASONS>>;

const ALL: Readonly<Record<number, Reason>> = REASONS;
const OLD: Readonly<Record<number, number>> = RETURN_CODES;

/** The reason code of a refused CONNECT, whichever version said it. Brokers of 3.1.1 answer a CONNECT of version 5 in their own numbers. */
export const connectReason = (code: number): number => OLD[code] ?? code;

/** Reasons of a DISCONNECT that may be about what we sent last, and not about us or the broker. */
const OVER_A_MESSAGE: ReadonlySet<number> = new Set([
  0x80, 0x81, 0x82, 0x83, 0x87, 0x90, 0x93, 0x94, 0x95, 0x99, 0x9a, 0x9b,
]);
export const overAMessage = (code: number): boolean => OVER_A_MESSAGE.has(code);

export const reasonName = (code: number): string => ALL[code]?.name ?? `reason 0x${code.toString(16)}`;
export const onLost = (code: number): LostReaction => ALL[code]?.lost ?? 'again';
export const onPuback = (code: number): PublishReaction => ALL[code]?.puback ?? 'doubtful';
export const onSuback = (code: number): 'taken' | 'hold' => ALL[code]?.suback ?? 'hold';
