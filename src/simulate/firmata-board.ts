/**
 * An Arduino Uno with StandardFirmata 2.5, byte by byte, pure: what the host sends goes in, what the board says comes out. It keeps the habits
 * that matter: digital pins are outputs and low when it starts, analogue pins are inputs; a 1 written to an input is its pull-up; levels are
 * written for eight pins at once; a digital port is told as soon as one of its inputs changes.
 */
const VERSION = [2, 5] as const;
const NAME = 'StandardFirmata.ino';
const PINS = 20;
const FIRST_ANALOG = 14;
const MODE = { input: 0, output: 1, analog: 2, pwm: 3, servo: 4, i2c: 6, pullup: 11 } as const;
const PWM_PINS = [3, 5, 6, 9, 10, 11];
const START_SYSEX = 0xf0;
const END_SYSEX = 0xf7;

interface PinState {
  mode: number;
  /** What was written: the level of an output, the pull-up of an input. */
  latch: boolean;
  /** What the world does to it: a level, a share of full scale, or nothing. */
  outside: boolean | number | undefined;
}

export interface BoardEars {
  /** What the board says. */
  readonly say: (bytes: Uint8Array) => void;
  /** An output has another level; also when a pin becomes an output or ends to be one (then it floats: undefined). */
  readonly driven?: (pin: number, high: boolean | undefined) => void;
}

export class FirmataBoard {
  private readonly ears: BoardEars;
  private pins: PinState[] = [];
  private readonly shown = new Map<number, boolean | undefined>();
  private reportedPorts = new Set<number>();
  private reportedChannels = new Set<number>();
  private lastPorts = new Map<number, number>();
  private unread: number[] = [];
  /** How often analogue inputs are told. */
  sampling_ms = 19;

  constructor(ears: BoardEars) {
    this.ears = ears;
    this.forget();
  }

  /** It starts, as after power-on or a press of its button: all is forgotten, and it says who it is. */
  start(): void {
    this.forget();
    this.say([0xf9, ...VERSION]);
    this.sayFirmware();
  }

  /** The world pulls a pin up or down, or gives it a share of full scale (0..1); undefined: nothing is connected. */
  pull(pin: number, level: boolean | number | undefined): void {
    const state = this.pins[pin];
    if (!state) return;
    state.outside = level;
    this.tellPort(pin >> 3);
  }

  /** Time for the analogue inputs that are reported. */
  sample(): void {
    for (const channel of this.reportedChannels) {
      const { mode, outside } = this.pins[FIRST_ANALOG + channel] ?? {};
      if (mode !== MODE.analog) continue;
      const value = Math.round(1023 * Number(outside ?? 0));
      this.say([0xe0 | channel, value & 0x7f, value >> 7]);
    }
  }

  /** Level of an output; undefined: the pin is none. */
  output(pin: number): boolean | undefined {
    const state = this.pins[pin];
    return state?.mode === MODE.output ? state.latch : undefined;
  }

  hear(bytes: Uint8Array): void {
    for (const byte of bytes) this.hearByte(byte);
  }

  private hearByte(byte: number): void {
    const sysex = this.unread[0] === START_SYSEX;
    if (byte >= 0x80 && !(sysex && byte === END_SYSEX)) this.unread = [];
    this.unread.push(byte);
    const [first = 0] = this.unread;
    if (first < 0x80) this.unread = [];
    else if (sysex && byte === END_SYSEX) this.obeySysex(this.unread.splice(0).slice(1, -1));
    else if (first !== START_SYSEX && this.unread.length >= lengthOf(first)) this.obey(this.unread.splice(0));
  }

  private obey([first = 0, one = 0, two = 0]: readonly number[]): void {
    const place = first & 0x0f;
    const value = one | (two << 7);
    if (first === 0xff) this.forget();
    else if (first === 0xf9) this.say([0xf9, ...VERSION]);
    else if (first === 0xf4) this.setMode(one, two);
    else if (first === 0xf5) this.writePin(one, two === 1);
    else if ((first & 0xf0) === 0x90) this.writePort(place, value);
    else if ((first & 0xf0) === 0xc0) toggle(this.reportedChannels, place, one === 1);
    else if ((first & 0xf0) === 0xd0) this.reportPort(place, one === 1);
  }

  private obeySysex([command, ...data]: readonly number[]): void {
    if (command === 0x79) this.sayFirmware();
    else if (command === 0x6b) this.sayCapabilities();
    else if (command === 0x69) this.saySysex([0x6a, ...this.pins.map((_, pin) => channelOf(pin))]);
    else if (command === 0x6d) this.sayState(data[0] ?? 0);
    else if (command === 0x7a) this.sampling_ms = Math.max(10, (data[0] ?? 19) | ((data[1] ?? 0) << 7));
  }

  private setMode(pin: number, mode: number): void {
    const state = this.pins[pin];
    if (!state || !modesOf(pin).includes(mode)) return;
    // pinMode(INPUT) leaves the pull-up off, INPUT_PULLUP puts it on; an output begins with what its latch holds.
    if (mode === MODE.input) state.latch = false;
    if (mode === MODE.pullup) state.latch = true;
    state.mode = mode;
    this.show(pin);
    this.tellPort(pin >> 3);
  }

  private writePin(pin: number, high: boolean): void {
    const state = this.pins[pin];
    if (state?.mode !== MODE.output) return;
    state.latch = high;
    this.show(pin);
  }

  private writePort(port: number, value: number): void {
    for (let pin = 8 * port; pin < Math.min(PINS, 8 * port + 8); pin += 1) {
      const state = this.pins[pin];
      if (!state) continue;
      const high = ((value >> (pin & 7)) & 1) === 1;
      if (state.mode === MODE.output) state.latch = high;
      // Only 1 is taken: it is the pull-up of an input.
      else if (state.mode === MODE.input && high) state.latch = true;
      this.show(pin);
    }
    this.tellPort(port);
  }

  private reportPort(port: number, on: boolean): void {
    toggle(this.reportedPorts, port, on);
    this.lastPorts.delete(port);
    this.tellPort(port);
  }

  private tellPort(port: number): void {
    if (!this.reportedPorts.has(port)) return;
    let value = 0;
    for (let bit = 0; bit < 8; bit += 1) if (this.reads(8 * port + bit)) value |= 1 << bit;
    if (this.lastPorts.get(port) === value) return;
    this.lastPorts.set(port, value);
    this.say([0x90 | port, value & 0x7f, value >> 7]);
  }

  private reads(pin: number): boolean {
    const { mode, latch, outside } = this.pins[pin] ?? {};
    if (mode !== MODE.input && mode !== MODE.pullup) return false;
    return outside === undefined ? latch === true : Number(outside) >= 0.5;
  }

  private show(pin: number): void {
    const now = this.output(pin);
    if (this.shown.get(pin) === now) return;
    this.shown.set(pin, now);
    this.ears.driven?.(pin, now);
  }

  private forget(): void {
    const before = this.pins;
    this.pins = Array.from({ length: PINS }, (_, pin) => ({
      mode: pin >= FIRST_ANALOG ? MODE.analog : pin >= 2 ? MODE.output : MODE.input,
      latch: false,
      outside: before[pin]?.outside,
    }));
    this.reportedPorts = new Set();
    this.reportedChannels = new Set();
    this.lastPorts = new Map();
    this.unread = [];
    this.sampling_ms = 19;
    for (let pin = 0; pin < PINS; pin += 1) this.show(pin);
  }

  private sayFirmware(): void {
    const name = [...NAME].flatMap((letter) => [letter.charCodeAt(0) & 0x7f, 0]);
    this.saySysex([0x79, ...VERSION, ...name]);
  }

  private sayCapabilities(): void {
    const capabilities = this.pins.flatMap((_, pin) => [
      ...modesOf(pin).flatMap((mode) => [mode, RESOLUTION[mode] ?? 1]),
      0x7f,
    ]);
    this.saySysex([0x6c, ...capabilities]);
  }

  private sayState(pin: number): void {
    const state = this.pins[pin];
    if (state) this.saySysex([0x6e, pin, state.mode, Number(state.latch)]);
  }

  private saySysex(data: readonly number[]): void {
    this.say([START_SYSEX, ...data, END_SYSEX]);
  }

  private say(bytes: readonly number[]): void {
    this.ears.say(Uint8Array.from(bytes));
  }
}

const RESOLUTION: Readonly<Record<number, number>> = { 2: 10, 3: 8, 4: 14 };

/** Pins 0 and 1 are its serial port. */
function modesOf(pin: number): readonly number[] {
  if (pin < 2) return [];
  if (pin >= FIRST_ANALOG) return [MODE.input, MODE.pullup, MODE.output, MODE.analog];
  const timed = PWM_PINS.includes(pin) ? [MODE.pwm] : [];
  return [MODE.input, MODE.pullup, MODE.output, ...timed, MODE.servo];
}

const channelOf = (pin: number): number => (pin >= FIRST_ANALOG ? pin - FIRST_ANALOG : 0x7f);

/** Bytes of a message that is no sysex. */
function lengthOf(first: number): number {
  if (first === 0xff || first === 0xf9) return 1;
  return (first & 0xf0) === 0xc0 || (first & 0xf0) === 0xd0 ? 2 : 3;
}

const toggle = (set: Set<number>, member: number, on: boolean): void => {
  if (on) set.add(member);
  else set.delete(member);
};
