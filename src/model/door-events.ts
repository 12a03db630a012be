const plain = (about: string) => ({ about, privacy: 'plain' }) as const;
const who = { about: 'Pseudonym of who it was.', privacy: 'identifier' } as const;
const by = { about: 'Who ordered it.', privacy: 'identifier' } as const;
const why = plain('What let it happen: card, rex, command, schedule, hold-open, fire, presence.');
const ref = plain('The decision or command it follows from.');
const side = plain('Side of the door: in or out.');
const muted = plain('Maintenance is going on: it is written down, and alarms nobody.');
const gate = plain('What was unlocked: the lock, a side of a turnstile, a floor.');

/** Every event of a door, with what it may say. */
export const DOOR_EVENTS = {
  granted: {
    about: 'Somebody may pass.',
    lane: 'a',
    fields: { ref, side, who, extended: plain('For longer than usual.'), gates: plain('Floors, or side.') },
  },
  denied: {
    about: 'Somebody may not pass.',
    lane: 'a',
    fields: { ref, side, who, reason: plain('Why not.') },
  },
  passback: {
    about: 'Who was let in is there already, as far as was seen: the card may have been handed back.',
    lane: 'a',
    fields: { ref, side, who },
  },
  'exit-requested': { about: 'An exit button was pressed.', lane: 'a', fields: { side } },
  opened: { about: 'The contact shows that it was opened.', lane: 'a', fields: { why, ref, who, side } },
  closed: {
    about: 'The contact shows that it was closed.',
    lane: 'a',
    fields: { open_ms: plain('For so long it was open.') },
  },
  'unlock-ended': {
    about: 'An unlock is over.',
    lane: 'a',
    fields: {
      ref,
      gate,
      evidence: plain(
        'opened, already-open or not-opened as the contact showed; unknown: the contact could not be read; none: there is none.',
      ),
      ended_by: plain(
        'time, close, open, passage, lock, lockdown, interlock, fire, stop, or a later unlock.',
      ),
    },
  },
  fire: { about: 'It is released, as a fire input wants.', lane: 'a', fields: { inputs: plain('Which.') } },
  'fire-ended': { about: 'It is no longer released for a fire.', lane: 'a', fields: {} },
  mode: {
    about: 'What it does has changed.',
    lane: 'b',
    fields: { mode: plain('Now.'), was: plain('Before.') },
  },
  'lockdown-began': { about: 'Nobody may go in.', lane: 'a', fields: { by } },
  'lockdown-ended': { about: 'The lockdown is over.', lane: 'a', fields: { by } },
  'maintenance-began': {
    about: 'Alarms are muted from now on.',
    lane: 'a',
    fields: { by, why: plain('The reason given.'), for_ms: plain('At most so long.') },
  },
  'maintenance-ended': {
    about: 'Alarms alarm again.',
    lane: 'a',
    fields: { ended_by: plain('time, restart or command.'), by },
  },
  alarm: {
    about: 'Something is wrong.',
    lane: 'a',
    fields: {
      alarm: plain('What.'),
      inputs: plain('Which inputs.'),
      gate,
      again: plain('It stood already.'),
      muted,
    },
  },
  'alarm-ended': {
    about: 'It is right again.',
    lane: 'a',
    fields: { alarm: plain('What.'), lasted_ms: plain('For so long.'), muted },
  },
} as const;

export type DoorEventName = keyof typeof DOOR_EVENTS;

/** What can be wrong with a door, and what is meant by it. */
export const DOOR_ALARMS = {
  forced: 'It was opened without a cause.',
  'found-open': 'It was open when its contact could be read (again), and nobody saw who opened it.',
  'held-soon': 'It is open, and will be told as open too long soon.',
  held: 'It is open for too long.',
  'contact-fault': 'A contact cannot be read: whether it is open is not known.',
  'contact-doubtful': 'It was unlocked many times in a row, and never seen open.',
  'rex-fault': 'An exit button cannot be read.',
  'rex-stuck': 'An exit button is pressed for too long.',
  'fire-unreadable': 'A fire input cannot be read.',
  'presence-fault': 'It cannot be told whether a vehicle stands below; the barrier does not close.',
  tamper: 'A tamper contact is open, or cannot be read.',
  'board-lost': 'The board of the lock does not answer: the door cannot be moved.',
  'relay-mismatch': 'The relay does not stand as it was told to.',
  'interlock-broken': 'It is open while another door of its group is not shut.',
} as const;

export type DoorAlarm = keyof typeof DOOR_ALARMS;
