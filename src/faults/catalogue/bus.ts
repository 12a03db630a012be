import type { FaultSpecs } from './spec.ts';

export const busFaults = {
  'bus.port-missing': {
    means: 'The port {path} does not exist',
    remedy: 'Plug the adapter in; compare the path with /dev/serial/by-path.',
    retry: 'later',
  },
  'bus.port-busy': {
    means: 'The port {path} is held by another process',
    remedy: 'Stop the other program (ModemManager, a terminal, a second gateway); lsof names it.',
    retry: 'later',
  },
  'bus.port-denied': {
    means: 'The port {path} may not be opened by this user',
    remedy: 'Add the user to the group dialout, or install the udev rules.',
    retry: 'later',
  },
  'bus.port-failed': {
    means: 'The port {path} cannot be opened: {reason}',
    remedy: 'Check that the path is a serial port and that it takes this baud and parity.',
    retry: 'later',
  },
  'bus.unreachable': {
    means: '{host}:{port} cannot be reached: {reason}',
    remedy: 'Check address, network and power of the serial server or Modbus TCP unit.',
    retry: 'later',
  },
  'bus.down': {
    means: 'The bus {bus} is down: {reason}',
    remedy: 'It comes back by itself when the port does; check cable and adapter.',
    retry: 'later',
  },
  'bus.closed': {
    means: 'The bus {bus} is closed',
    remedy: 'The gateway is stopping or has been given a new configuration.',
    retry: 'never',
  },
  'bus.lent': {
    means: 'The bus {bus} is lent to another technician already',
    remedy: 'Wait until that work has ended; it comes back by itself.',
    retry: 'later',
  },
  'bus.no-reply': {
    means: 'Unit {unit} on {bus} gave no reply within {timeout_ms} ms',
    remedy: 'Check power, wiring and address of the unit, and the baud and parity of the bus.',
    retry: 'soon',
  },
  'bus.unit-off': {
    means: 'Unit {unit} on {bus} has been mute; it is only probed for now',
    remedy: 'Check power, wiring and address of the unit.',
    retry: 'later',
  },
  'bus.exception': {
    means: 'Unit {unit} on {bus} refused function {fn} at {at}: exception {exception} ({text})',
    remedy: 'Check that the driver matches the installed model.',
    retry: 'later',
  },
  'bus.bad-reply': {
    means: 'Unit {unit} on {bus} gave a reply that does not fit the request: {reason}',
    remedy: 'Look for noise, two units with one address, or the wrong driver.',
    retry: 'soon',
  },
  'bus.bad-request': {
    means: 'A request that Modbus cannot carry: {reason}',
    remedy: 'Check addresses and counts in the driver or profile.',
    retry: 'never',
  },
  'bus.wrong-link': {
    means: 'Device {device} needs a {wanted} bus; {bus} is a {kind} bus',
    remedy: 'Name another bus, or change its type.',
    retry: 'never',
  },
  'bus.rs485': {
    means: 'The port {path} does not take RS-485 direction control: {reason}',
    remedy:
      'Leave rs485 out when the adapter switches direction by itself; else enable it in the device tree.',
    retry: 'never',
  },
} as const satisfies FaultSpecs;
