import { type BytesLink, type Call, Fault, isFault, randomBlock } from '#kit';
import { buildFrame, type Check, type Frame, parseFrame, replyRule } from './frame.ts';
import { readReply, type Told } from './replies.ts';
import * as secure from './secure.ts';
import * as words from './words.ts';

export interface PanelRules {
  readonly address: number;
  readonly channel: 'secure' | 'clear';
  /** Of the unit, or of the site (`key_is`). */
  readonly key: Uint8Array | undefined;
  /** The one it has had so far, while it is being changed. */
  readonly old_key: Uint8Array | undefined;
  readonly key_is: 'reader' | 'site';
  readonly check: Check | 'auto';
  readonly inputs: number;
  readonly outputs: number;
  readonly facility_bits?: number | undefined;
}

export interface Reply {
  readonly code: number;
  readonly data: Uint8Array;
}

/** One unit as the panel speaks to it. */
export interface Panel {
  /** Everything that is due: from a new beginning up to the first status, or one POLL. Throws what stands in its way. */
  look(call: Call): Promise<void>;
  /** A command, once the unit is well met. It is sent once; a unit that says it has not taken it is told again. */
  ask(question: words.Question, call: Call): Promise<Reply>;
  /** Puts the key of the site file into a unit that has none yet, or the old one; true: it had it. */
  installKey(call: Call): Promise<boolean>;
  /** Its state is asked for again, one question at each look. */
  refresh(): void;
  /** What was told and not yet handed on. */
  take(): readonly Told[];
  /** From here on it is asked anew, from sequence number 0. */
  begin(): void;
  readonly met: { readonly identity?: words.Identity; readonly capabilities?: string };
}

/** In this order, before it is polled. */
type Stage = 'id' | 'cap' | 'challenge' | 'cryptogram' | 'local' | 'outputs' | 'inputs';

interface Pending {
  readonly question: words.Question;
  readonly bytes: Uint8Array;
  readonly sequence: number;
  /** The channel as it is once this is sent. */
  readonly channel: secure.Channel | undefined;
}

/** By which key it is met; by another than its own only while a key is installed, and then nothing it tells counts. */
type Trust = 'own' | 'old' | 'install';

/** The conversation: all of it begins anew together. */
interface Talk {
  sequence: number;
  stages: Stage[];
  channel: secure.Channel | undefined;
  /** Sent, and not answered: the unit gets the very same bytes again, and gives the very same answer. */
  pending: Pending | undefined;
  silences: number;
  refusals: number;
  handshake: Handshake | undefined;
}
interface Handshake {
  readonly host_random: Uint8Array;
  readonly keys?: secure.SessionKeys;
  readonly cryptogram?: Uint8Array;
}

/**
 * What came of an exchange, when it was no reply: the unit is busy or understood nothing (the same again), it is out of step (all from the
 * beginning), or what answered is not in the channel, so that nobody knows what the unit did.
 */
type Outcome = Reply | 'busy' | 'again' | 'anew' | 'unproved';

/** So many silences (about 8 s), and the unit has begun anew as well. */
const MOST_SILENCES = 16;
/** Of one look: a unit that is busy, does not understand, or begins anew. */
const MOST_ROUNDS = 8;
/** A unit that never understood a CRC is asked with a sum. */
const REFUSALS_TO_SUM = 3;
/** Status that the unit's own commands have changed is asked for again. */
const OUTPUT_COMMANDS: readonly number[] = [words.COMMAND.OUT];

export function openPanel(link: BytesLink, rules: PanelRules): Panel {
  let check: Check = rules.check === 'sum' ? 'sum' : 'crc';
  /** It has understood a frame with this check. */
  let agreed = rules.check !== 'auto';
  let trust: Trust = 'own';
  let unit_id: Uint8Array | undefined;
  let told: Told[] = [];
  let wanted: words.Question[] = [];
  const met: { identity?: words.Identity; capabilities?: string } = {};
  let talk = beginning(rules);
  const begin = (): void => {
    talk = beginning(rules);
  };

  const refuse = (reason: string): Fault => {
    begin();
    return new Fault('driver.channel', { driver: ID, address: rules.address, reason });
  };
  const keyOf = (by: Trust): Uint8Array => {
    if (by === 'install') return secure.INSTALL_KEY;
    const key = by === 'old' ? rules.old_key : rules.key;
    if (!key) throw refuse('the site file gives no key');
    return rules.key_is === 'site' && unit_id ? secure.keyOfUnit(key, unit_id) : key;
  };

  const next = (): words.Question => {
    switch (talk.stages[0]) {
      case 'id':
        return words.ASK_ID;
      case 'cap':
        return words.ASK_CAP;
      case 'challenge':
        talk.handshake = { host_random: randomBlock(8) };
        return { code: words.COMMAND.CHLNG, data: [...talk.handshake.host_random] };
      case 'cryptogram':
        return { code: words.COMMAND.SCRYPT, data: [...(talk.handshake?.cryptogram ?? [])] };
      case 'local':
        return words.ASK_LOCAL;
      case 'outputs':
        return words.ASK_OUTPUTS;
      case 'inputs':
        return words.ASK_INPUTS;
      default:
        return wanted.shift() ?? words.POLL;
    }
  };

  const prepare = (question: words.Question): Pending => {
    const { sequence, channel } = talk;
    const { code, data } = question;
    const parts = { address: rules.address, sequence, check, code, data };
    if (channel) return { question, sequence, ...secure.seal(channel, parts, 'command') };
    const type = code === words.COMMAND.CHLNG ? 0x11 : code === words.COMMAND.SCRYPT ? 0x13 : undefined;
    const block = type === undefined ? undefined : [type, trust === 'install' ? 0 : 1];
    return { question, sequence, bytes: buildFrame({ ...parts, block }), channel: undefined };
  };

  const exchange = async (question: words.Question, call: Call): Promise<Outcome> => {
    talk.pending ??= prepare(question);
    const { pending } = talk;
    const rule = replyRule(rules.address, pending.sequence);
    const bytes = await link.exchange(pending.bytes, rule, call).catch((error: unknown) => {
      if (isFault(error, 'bus.no-reply')) talk.silences += 1;
      if (talk.silences >= MOST_SILENCES) begin();
      throw error;
    });
    talk.silences = 0;
    return judge(pending, parseFrame(bytes));
  };

  const judge = (pending: Pending, frame: Frame): Outcome => {
    if (frame.code === words.REPLY.BUSY) return 'busy';
    const opened = pending.channel && secure.unseal(pending.channel, frame, 'reply');
    const { code } = pending.question;
    if (frame.code === words.REPLY.NAK && !opened) return refused(pending, frame.data[0] ?? 0);
    if (pending.channel && !opened) {
      // Some units acknowledge a new key in the clear; whether they have it the next handshake shows.
      const quirk = code === words.COMMAND.KEYSET && frame.code === words.REPLY.ACK && !frame.block;
      if (!quirk) return unproved();
    } else if (!pending.channel && frame.block && !isHandshake(code)) return unproved();
    agreed = true;
    talk.refusals = 0;
    talk.pending = undefined;
    talk.sequence = talk.sequence === 3 ? 1 : talk.sequence + 1;
    talk.channel = opened?.channel ?? pending.channel;
    const reply = { code: frame.code, data: opened?.data ?? frame.data };
    hear(frame, reply, opened !== undefined);
    return reply;
  };

  const anew = (): 'anew' => {
    begin();
    return 'anew';
  };

  const unproved = (): 'unproved' => {
    begin();
    return 'unproved';
  };

  /** A refusal that is not of the channel proves nothing but that the conversation is out of step. */
  const refused = ({ question, channel }: Pending, reason: number): Outcome => {
    if (reason === words.NAK.check) {
      talk.refusals += 1;
      if (!agreed && talk.refusals >= REFUSALS_TO_SUM) {
        check = check === 'crc' ? 'sum' : 'crc';
        anew();
      }
      return 'again';
    }
    if (channel || reason === words.NAK.sequence) return anew();
    if (isHandshake(question.code))
      throw refuse(
        reason === words.NAK.conditions && trust === 'own'
          ? 'it has no key of its own, or another one'
          : `it refuses (${words.nakText(reason)})`,
      );
    if (reason === words.NAK.conditions) {
      if (rules.channel === 'secure') return anew();
      throw refuse('it takes nothing in the clear, which channel: clear asks for');
    }
    talk.pending = undefined;
    talk.sequence = talk.sequence === 3 ? 1 : talk.sequence + 1;
    talk.stages.shift();
    return { code: words.REPLY.NAK, data: Uint8Array.of(reason) };
  };

  const hear = (frame: Frame, { code, data }: Reply, secured: boolean): void => {
    const stage = talk.stages.shift();
    if (code === words.REPLY.NAK) return;
    if (stage === 'id' && code === words.REPLY.PDID && data.length >= 12)
      met.identity = words.identityOf(data);
    if (stage === 'cap' && code === words.REPLY.PDCAP) met.capabilities = words.capabilitiesText(data);
    if (stage === 'challenge') takeChallenge(frame);
    else if (stage === 'cryptogram') takeCryptogram(frame);
    else if (rules.channel === 'clear' || (secured && trust === 'own')) {
      const word = readReply(code, data, rules.facility_bits);
      if (word) told.push(word);
    }
  };

  /** CCRYPT: the unit proves that it has the key. */
  const takeChallenge = ({ code, block, data }: Frame): void => {
    const { handshake } = talk;
    const host = handshake?.host_random;
    if (code !== words.REPLY.CCRYPT || block?.[0] !== 0x12 || data.length !== 32 || !host)
      throw refuse('its answer to the challenge is none');
    unit_id = data.slice(0, 8);
    const unit = data.slice(8, 16);
    const keys = secure.sessionKeys(keyOf(trust), host);
    if (!same(data.subarray(16), secure.clientCryptogram(keys, host, unit)))
      throw refuse('it has another key');
    talk.handshake = { host_random: host, keys, cryptogram: secure.hostCryptogram(keys, host, unit) };
  };

  /** RMAC_I: it took our proof as well. */
  const takeCryptogram = ({ code, block, data }: Frame): void => {
    const { keys, cryptogram } = talk.handshake ?? {};
    const sound = code === words.REPLY.RMAC_I && block?.[0] === 0x14 && block[1] === 1 && keys && cryptogram;
    if (!sound || !same(data, secure.firstMac(keys, cryptogram))) throw refuse('it did not take our proof');
    talk.channel = secure.openChannel(keys, cryptogram);
  };

  /** From wherever the conversation stands to where it is well met and nothing waits for an answer. */
  const meet = async (call: Call): Promise<void> => {
    for (let rounds = 0; talk.pending || talk.stages.length > 0; rounds += 1) {
      if (rounds > MOST_ROUNDS + beginning(rules).stages.length) throw busy('to be met');
      await exchange(talk.pending?.question ?? next(), call);
    }
  };
  const busy = (what: string): Fault =>
    new Fault('driver.refused', { driver: ID, address: rules.address, what, reason: 'it is busy' });

  const look = async (call: Call): Promise<void> => {
    const began = talk.stages.length > 0;
    const waited = talk.pending !== undefined;
    // A busy unit is asked again at the next look; it is there, and that is all that is known.
    if (waited && !began) return void (await exchange(talk.pending?.question ?? words.POLL, call));
    if (!began) {
      const outcome = await exchange(next(), call);
      if (outcome !== 'anew' && outcome !== 'unproved') return;
    }
    await meet(call);
  };

  /** A command that was not answered may have been heard: the unit must not find it again, so all begins anew. */
  const ask = async (question: words.Question, call: Call): Promise<Reply> => {
    for (let rounds = 0; rounds < MOST_ROUNDS; rounds += 1) {
      if (talk.pending?.question !== question) await meet(call);
      let outcome: Outcome;
      try {
        outcome = await exchange(question, call);
      } catch (error) {
        if (isFault(error) && error.facts.sent === false) talk.pending = undefined;
        else begin();
        throw error;
      }
      if (typeof outcome === 'object') {
        if (OUTPUT_COMMANDS.includes(question.code) && rules.outputs > 0) wanted = [words.ASK_OUTPUTS];
        return outcome;
      }
      if (outcome === 'unproved')
        throw new Fault('driver.frame-unknown', { driver: ID, reason: 'they are not of the secure channel' });
    }
    talk.pending = undefined;
    throw busy(`command ${question.code.toString(16).toUpperCase()}`);
  };

  const installKey = async (call: Call): Promise<boolean> => {
    if (rules.channel !== 'secure' || !rules.key)
      throw refuse('install-key is for channel: secure, with the key that it is to get');
    if (await opens('own', call)) return true;
    try {
      const open = (rules.old_key && (await opens('old', call))) || (await opens('install', call));
      if (!open) throw refuse('it takes neither the key of the factory nor the old one');
      const reply = await ask(words.keysetCommand(keyOf('own')), call);
      if (reply.code !== words.REPLY.ACK) throw refuse('it does not take the key');
    } finally {
      trust = 'own';
      begin();
    }
    await meet(call);
    return false;
  };

  /** Whether it is met in a channel of that key. */
  const opens = async (by: Trust, call: Call): Promise<boolean> => {
    trust = by;
    begin();
    try {
      await meet(call);
      return true;
    } catch (error) {
      if (isFault(error, 'driver.channel')) return false;
      throw error;
    }
  };

  return {
    look,
    ask,
    installKey,
    refresh: () => {
      wanted = statusQuestions(rules);
    },
    begin,
    met,
    take: () => {
      const words = told;
      told = [];
      return words;
    },
  };
}

const ID = 'osdp-reader';

const statusQuestions = ({ inputs, outputs }: PanelRules): words.Question[] => [
  words.ASK_LOCAL,
  ...(outputs > 0 ? [words.ASK_OUTPUTS] : []),
  ...(inputs > 0 ? [words.ASK_INPUTS] : []),
];

function beginning({ channel, inputs, outputs }: PanelRules): Talk {
  const stages: Stage[] = [
    'id',
    'cap',
    ...(channel === 'secure' ? (['challenge', 'cryptogram'] as const) : []),
    'local',
    ...(outputs > 0 ? (['outputs'] as const) : []),
    ...(inputs > 0 ? (['inputs'] as const) : []),
  ];
  return {
    sequence: 0,
    stages,
    channel: undefined,
    pending: undefined,
    silences: 0,
    refusals: 0,
    handshake: undefined,
  };
}

const isHandshake = (code: number): boolean => code === words.COMMAND.CHLNG || code === words.COMMAND.SCRYPT;

/** In a time that tells nothing of where they differ. */
const same = (x: Uint8Array, y: Uint8Array): boolean =>
  x.length === y.length && x.reduce((differs, byte, at) => differs | (byte ^ (y[at] ?? 0)), 0) === 0;
