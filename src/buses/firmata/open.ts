import { EventEmitter } from 'node:events';
import type { Firmata, FirmataTransport } from 'firmata-io';
import type { Board } from 'johnny-five';
import { ticker, withTimeout } from '../../clock/index.ts';
import type { BytePort, GpioChip } from '../../contracts/index.ts';
import { Fault } from '../../faults/index.ts';
import type { Millis } from '../../model/index.ts';
import type { OpenChip } from '../lines/bus.ts';
import type { BusSettings, BusWorld } from '../settings.ts';
import { BoardChip } from './board-chip.ts';

type FirmataSettings = Extract<BusSettings, { type: 'firmata' }>;

/** An Uno starts anew when its port is opened, and is deaf for two seconds; asked again until then. */
const ASK_AGAIN_MS: Millis = 1500;
const HANDSHAKE_MS: Millis = 12_000;
/** How often the board tells its analogue inputs. */
const SAMPLING_MS: Millis = 100;

/**
 * Opens the board behind a serial port of ours, and again whenever it is lost. The libraries are loaded with the first board: a site without
 * one does not pay for them. johnny-five keeps every Board it ever made, so there is one for each bus, which gets the new connection.
 */
export function firmataOpener(settings: FirmataSettings, world: BusWorld): OpenChip {
  let board: Board | undefined;
  return async (signal) => {
    const [{ default: firmata }, { default: five }] = await Promise.all([
      import('firmata-io'),
      import('johnny-five'),
    ]);
    signal.throwIfAborted();
    const { path, baud } = settings;
    const port = await world.ports.serial({ path, baud, parity: 'none', data_bits: 8, stop_bits: 1 });
    const wire = new Wire(port);
    try {
      const io = new firmata.Firmata(wire, { reportVersionTimeout: 1, samplingInterval: SAMPLING_MS });
      await ready(io, settings, { wire, world, signal });
      if (board) board.io = io;
      else board = new five.Board({ io, repl: false, debug: false, sigint: false });
      return chipOf(board, wire, { path, now: () => world.clock.now().up });
    } catch (error) {
      await wire.end();
      throw error;
    }
  };
}

function chipOf(
  board: Board,
  wire: Wire,
  { path, now }: { readonly path: string; readonly now: () => Millis },
): GpioChip {
  const chip = new BoardChip(board, {
    label: path,
    send: (bytes) => wire.write(bytes),
    ended: () => wire.end(),
    now,
  });
  wire.whenLost((reason) => chip.lose(reason));
  return chip;
}

/** Version, firmware, capabilities and analogue channels have been told. Fault gpio.board-mute. */
async function ready(
  io: Firmata,
  { id, path }: FirmataSettings,
  { wire, world, signal }: { readonly wire: Wire; readonly world: BusWorld; readonly signal: AbortSignal },
): Promise<void> {
  const { clock } = world;
  const come = new Promise<void>((resolve, reject) => {
    io.once('ready', resolve);
    wire.whenLost(reject);
  });
  const late = () => new Fault('gpio.board-mute', { path, reason: silenceOf(io) });
  const asking = new AbortController();
  const ask = async () => {
    const rhythm = { name: `${id} asks its board`, every_ms: ASK_AGAIN_MS };
    for await (const _ of ticker(clock, rhythm, asking.signal)) {
      if (io.firmware.name !== undefined) return;
      io.reportVersion(() => {});
      io.queryFirmware(() => {});
    }
  };
  void ask();
  try {
    await withTimeout(clock, { name: `${id} board`, ms: HANDSHAKE_MS, signal, late }, () => come);
  } finally {
    asking.abort();
  }
}

const silenceOf = (io: Firmata): string => {
  if (!io.versionReceived) return 'nothing came that is Firmata';
  return io.pins.length ? 'it did not tell its analogue channels' : 'it did not tell its pins';
};

/** Our port, as the library wants one. It says nothing of troubles of the port: these end the chip, see `whenLost`. */
class Wire extends EventEmitter implements FirmataTransport {
  private readonly port: BytePort;
  private open = true;
  private lost: ((reason: Error) => void)[] = [];

  constructor(port: BytePort) {
    super();
    this.port = port;
    port.onData((chunk) => {
      if (this.open) this.emit('data', chunk);
    });
    port.onLost((reason) => this.lose(reason));
  }

  write(bytes: Uint8Array, written: () => void = () => {}): void {
    if (!this.open) return;
    this.port.write(bytes).then(written, (error: unknown) => {
      this.lose(error instanceof Error ? error : new Error(String(error)));
    });
  }

  whenLost(listener: (reason: Error) => void): void {
    this.lost.push(listener);
  }

  async end(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    this.lost = [];
    await this.port.close(true).catch(() => {});
  }

  private lose(reason: Error): void {
    if (!this.open) return;
    for (const listener of this.lost) listener(reason);
  }
}
