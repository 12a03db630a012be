/** What is used of johnny-five and of the protocol library beneath it; neither brings types. */
declare module 'firmata-io' {
  import type { EventEmitter } from 'node:events';

  export interface FirmataTransport extends EventEmitter {
    write(bytes: Uint8Array, written?: () => void): void;
  }
  /** One pin, as the board told and as it was set. `analogChannel` 127: it has none. */
  export interface FirmataPin {
    readonly supportedModes: readonly number[];
    readonly analogChannel: number;
    readonly mode: number | undefined;
    readonly value: number;
    /** Of an output: its level, as the board told it when it was asked for its state. */
    readonly state?: number;
  }
  /** Emits `ready`, `reportversion`, `digital-read-N`, `analog-read-CHANNEL`. */
  export interface Firmata extends EventEmitter {
    readonly versionReceived: boolean;
    readonly firmware: { readonly name?: string };
    readonly pins: readonly FirmataPin[];
    /** Pin of each analogue channel. */
    readonly analogPins: readonly number[];
    /** Levels of eight pins each, as the next digital write sends them. */
    readonly ports: number[];
    readonly MODES: { readonly INPUT: 0; readonly OUTPUT: 1; readonly ANALOG: 2; readonly PULLUP: 11 };
    readonly RESOLUTION: { readonly ADC: number | null };
    reportVersion(answered: () => void): void;
    queryFirmware(answered: () => void): void;
    reportAnalogPin(channel: number, on: 0 | 1): void;
  }
  const library: {
    readonly Firmata: new (
      transport: FirmataTransport,
      options: { readonly reportVersionTimeout: number; readonly samplingInterval: number },
    ) => Firmata;
  };
  export default library;
}

declare module 'johnny-five' {
  import type { Firmata } from 'firmata-io';

  export interface Board {
    /** What it passes its calls on to. */
    io: Firmata;
    pinMode(pin: number, mode: number): void;
    digitalWrite(pin: number, level: 0 | 1): void;
    digitalRead(pin: number, told: (level: number) => void): void;
    analogRead(channel: number, told: (value: number) => void): void;
    queryPinState(pin: number, told: () => void): void;
  }
  const library: {
    readonly Board: new (options: {
      readonly io: Firmata;
      readonly repl: false;
      readonly debug: false;
      readonly sigint: false;
    }) => Board;
  };
  export default library;
}
