import type { FaultSpecs } from './spec.ts';

export const gpioFaults = {
  'gpio.chip-missing': {
    means: 'There is no GPIO chip {label}; this machine has {known}',
    remedy:
      'Name the chip by the label that gpiodetect shows (pinctrl-rp1, pinctrl-bcm2711, pinctrl-bcm2835).',
    retry: 'later',
  },
  'gpio.denied': {
    means: 'The GPIO chip {path} may not be opened by this user',
    remedy: 'Add the user to the group gpio, or install the udev rules.',
    retry: 'later',
  },
  'gpio.line-missing': {
    means: 'The chip {label} has no line {line}; nearest is {nearest}',
    remedy: 'Name the line as gpioinfo shows it (GPIO17), or by its offset on the chip.',
    retry: 'never',
  },
  'gpio.line-taken': {
    means: 'Line {line} of {label} is held by {consumer}',
    remedy:
      'Free the line (an overlay, another program, another device of the site file), or use another one.',
    retry: 'later',
  },
  'gpio.unable': {
    means: 'The chip {label} cannot do this: {reason}',
    remedy: 'Use the character device (type: gpio) or other lines.',
    retry: 'never',
  },
  'gpio.board-mute': {
    means: 'What is at {path} does not speak Firmata: {reason}',
    remedy:
      'Flash StandardFirmata (2.5 or later) onto the board; check the path, and that baud is that of the sketch (57600).',
    retry: 'later',
  },
  'gpio.failed': {
    means: 'The chip {label} failed: {reason}',
    remedy: 'Look at the kernel log; the bus opens the chip again by itself.',
    retry: 'later',
  },
} as const satisfies FaultSpecs;
