/** Why a controller tells an event (byte 27). `alarm`: somebody should look; the rest is a record. */
export interface Reason {
  readonly name: string;
  readonly about: string;
  readonly alarm: boolean;
}

const record = (name: string, about: string): Reason => ({ name, about, alarm: false });
const alarm = (name: string, about: string): Reason => ({ name, about, alarm: true });

const REASONS: Readonly<Record<number, Reason>> = {
  1: record('swipe', 'A card was let in.'),
  5: record('denied-pc-control', 'Refused: only the host decides.'),
  6: record('denied-no-privilege', 'Refused: the card may not use this door.'),
  7: record('denied-wrong-password', 'Refused: wrong code.'),
  8: record('denied-anti-passback', 'Refused: the card is on the other side already.'),
  9: record('denied-more-cards', 'Refused: more cards are needed.'),
  10: record('denied-first-card', 'Refused: the first card has not come yet.'),
  11: record('denied-normally-closed', 'Refused: the door is kept closed.'),
  12: record('denied-interlock', 'Refused: another door is open.'),
  13: record('denied-limited-times', 'Refused: used too often.'),
  15: record('denied-time-zone', 'Refused: not at this time.'),
  18: record('denied', 'Refused.'),
  20: record('button', 'The push button opened the door.'),
  23: record('door-opened', 'The door was opened.'),
  24: record('door-closed', 'The door was closed.'),
  25: record('super-password', 'The super password opened the door.'),
  28: alarm('power-on', 'The controller got power.'),
  29: alarm('reset', 'The controller was reset.'),
  31: alarm('button-forced-lock', 'The push button did nothing: the door is locked by force.'),
  32: alarm('button-offline', 'The push button did nothing: the controller is not on line.'),
  33: alarm('button-interlock', 'The push button did nothing: another door is open.'),
  34: alarm('threat', 'Somebody entered the code for being threatened.'),
  37: alarm('door-held', 'The door is open too long.'),
  38: alarm('door-forced', 'The door was opened by force.'),
  39: alarm('fire', 'The fire input is active.'),
  40: alarm('forced-close', 'The doors are locked by force.'),
  41: alarm('theft', 'Guard against theft.'),
  42: alarm('zone-24h', 'A zone guarded day and night was entered.'),
  43: alarm('emergency', 'Emergency call.'),
  44: record('remote-open', 'The host opened the door.'),
  45: record('remote-open-usb', 'A USB reader at the host opened the door.'),
};

/** A code that nobody has written down is told as such, never dropped. */
export const reasonOf = (code: number): Reason =>
  REASONS[code] ?? record(`reason-${code}`, `The controller gives reason ${code}, which is not documented.`);

export const reasons: readonly Reason[] = Object.values(REASONS);

export const reasonCodes: readonly number[] = Object.keys(REASONS).map(Number);
