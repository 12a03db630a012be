import type { FaultSpecs } from './spec.ts';

export const fieldFaults = {
  'field.wire-held': {
    means: 'The wire {wire} is held by the gateway that runs here (bus {bus}), which does not lend it',
    remedy:
      'Stop the gateway (systemctl stop gatelodge), do the work, and start it again; doors on its wires do not open by it meanwhile.',
    retry: 'later',
  },
  'field.serves-doors': {
    means:
      'The running gateway does not lend the bus {bus}: {served} depends on it, and a fire must reach it',
    remedy:
      'Stop the gateway (systemctl stop gatelodge), do the work, and start it again; doors on its wires do not open by it meanwhile.',
    retry: 'later',
  },
  'field.serves-outputs': {
    means: 'The running gateway does not lend the bus {bus} just so: {devices} would not obey meanwhile',
    remedy:
      'Say that you work there, and why (gatelodge send bus:{bus} maintenance ms=1800000 why="…"), then do it again; or stop the gateway (systemctl stop gatelodge) meanwhile.',
    retry: 'later',
  },
  'field.loan-over': {
    means:
      'The running gateway took its bus {bus} back after {minutes} minutes; the work on it was stopped before its end',
    remedy:
      'What a unit had been told by then stands: gatelodge bus scan shows where each is. Do less at once (--at, --unit, --from, --to), or stop the gateway meanwhile (systemctl stop gatelodge).',
    retry: 'later',
  },
  'field.no-wire': {
    means: '{wire} is no wire of units with addresses: {reason}',
    remedy: 'Name a serial port (gatelodge bus list), HOST:PORT, or a Modbus bus of the site file.',
    retry: 'never',
  },
  'field.other-master': {
    means: 'Another master asks units on this wire ({units}); nothing was changed',
    remedy: 'Unplug or stop the other one: two of them disturb each other.',
    retry: 'later',
  },
  'field.stopped': {
    means: 'The work on {wire} was stopped before its end',
    remedy: 'What a unit had been told by then stands: gatelodge bus scan shows where each is.',
    retry: 'later',
  },
  'field.silent': {
    means: 'Nobody answers as {place}{hint}; nothing was changed',
    remedy: 'Find the unit with gatelodge bus scan; check its power and its wires A and B.',
    retry: 'later',
  },
  'field.shared': {
    means: 'More than one unit answers as {place}; nothing was changed',
    remedy: 'Leave only one of them on the wire: both would take what one is told.',
    retry: 'never',
  },
  'field.taken': {
    means: 'Somebody answers as {place} already; nothing was changed',
    remedy: 'Take a free address (gatelodge bus scan), or move the other unit first.',
    retry: 'never',
  },
  'field.reserved': {
    means: 'The site file gives {place} to {device} ({driver}); nothing was changed',
    remedy: 'Take an address that the site file does not use, or change the site file first.',
    retry: 'never',
  },
  'field.not-settable': {
    means: '{driver}: {what} cannot be set over the wire ({reason})',
    remedy: 'See the README of the driver (gatelodge drivers {driver}).',
    retry: 'never',
  },
  'field.refused': {
    means: '{place} has refused: {reason}; nothing was changed',
    remedy:
      'Check that the driver is that of the unit; some units take settings only with a jumper or key set.',
    retry: 'never',
  },
  'field.not-taken': {
    means: '{from} was told to be {to}, and still answers where it was',
    remedy: 'Nothing has changed. Check that the driver is that of the unit, then try again.',
    retry: 'later',
  },
  'field.lost': {
    means: '{from} was told to be {to}, and answers neither there nor where it was',
    remedy:
      'Switch it off and on, then look for it: gatelodge bus scan --full. Until it is found, change nothing else on this wire.',
    retry: 'never',
  },
  'field.doubled': {
    means: '{to} answers, and {from} still does too',
    remedy:
      'Another unit had the old address all along, or has come back to it: gatelodge bus scan shows what each is.',
    retry: 'never',
  },
} as const satisfies FaultSpecs;
