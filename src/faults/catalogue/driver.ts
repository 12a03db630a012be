import type { FaultSpecs } from './spec.ts';

export const driverFaults = {
  'driver.unknown': {
    means: 'There is no driver {id}; nearest is {nearest}',
    remedy: 'List the drivers with gatelodge drivers.',
    retry: 'never',
  },
  'driver.frame-checksum': {
    means: 'Frame checksum is {got}, computed {expected}',
    remedy: 'Look for noise, wrong baud or a damaged cable.',
    retry: 'soon',
  },
  'driver.frame-length': {
    means: 'Frame has {got} bytes where {expected} were expected',
    remedy: 'Check that the driver matches the installed model.',
    retry: 'soon',
  },
  'driver.frame-unknown': {
    means: 'These bytes are no frame of {driver}: {reason}',
    remedy: 'Check that the driver matches the installed model.',
    retry: 'soon',
  },
  'driver.needs-request': {
    means: 'This reply holds {count} values ({table}) and does not say of which addresses',
    remedy: 'Give the request it answers: --request HEX.',
    retry: 'never',
  },
  'driver.exception': {
    means: 'The unit refused function {fn} with exception {exception} ({text})',
    remedy: 'Check that the driver matches the installed model.',
    retry: 'later',
  },
  'driver.value': {
    means: '{point} is {got}; {expected} was expected',
    remedy: 'Check that the driver matches the installed model.',
    retry: 'soon',
  },
  'driver.wrong-device': {
    means: 'This is no {expected}: {evidence}',
    remedy:
      'Name the driver of the installed unit in the site file. Until then none of its outputs is moved.',
    retry: 'never',
  },
  'driver.channel': {
    means: 'There is no secure channel to {driver} at address {address}: {reason}',
    remedy:
      'Give it the key of the site file (send DEVICE install-key), with nobody else on the wire. Nothing is taken from it in the clear.',
    retry: 'later',
  },
  'driver.refused': {
    means: '{driver} at address {address} refuses {what}: {reason}',
    remedy: 'Check that the options fit the installed unit (its inputs, outputs, what it can).',
    retry: 'later',
  },
  'driver.bad-options': {
    means: 'Options of driver {id}: {text}',
    remedy: 'See the options of this driver (gatelodge drivers {id}).',
    retry: 'never',
  },
  'driver.bad-definition': {
    means: 'Driver {id} is not well defined: {text}',
    remedy: 'Mend the driver.',
    retry: 'never',
  },
} as const satisfies FaultSpecs;
