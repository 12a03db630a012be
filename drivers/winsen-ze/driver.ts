import { defineDriver, type NumberPoint, observeSerial, type Sample } from '#kit';
import { ASK, concentrationOf, decodeFrame, modeRequests, NAME, needGas, valueFrame } from './codec.ts';
import { GASES, MODELS, type Options, options } from './models.ts';

type Points = Record<string, NumberPoint>;

export default defineDriver({
  id: NAME,
  aliases: ['winsen-ze-series'],
  about: 'Winsen electrochemical gas modules on a serial port: ZE03, ZE07, ZE08, ZE25, ZE27.',
  category: 'air',
  link: 'bytes',
  evidence: 'captured',
  wire: { baud: 9600, parity: 'none', timeout_ms: 1500, gap_ms: 0 },
  poll_ms: { default: 10_000, min: 1000 },
  warm_up_ms: () => 180_000,
  options,
  points: pointsOf,
  events: {},
  commands: {},
  decode: (frame, { model }) => decodeFrame(frame, model),
  cost: ({ mode }) => (mode === 'passive' ? [{ request_bytes: 9, reply_bytes: 9 }] : []),
  open: (link, chosen) =>
    observeSerial<Points>(link, {
      mode: chosen.mode,
      into: modeRequests(MODELS[chosen.model]),
      ask: ASK,
      frames: valueFrame,
      read: (frame) => sampleOf(frame, chosen),
    }),
});

function sampleOf(frame: Uint8Array, { model }: Options): Sample<Points> {
  const { gas, value } = concentrationOf(frame, MODELS[model]);
  needGas(gas, MODELS[model].gas);
  return { [gas]: value };
}

function pointsOf({ model }: Options): Points {
  const { gas, max } = MODELS[model];
  const { unit, name } = GASES[gas];
  return { [gas]: { kind: 'number', unit, min: 0, max, about: `${name}.`, privacy: 'plain' } };
}
