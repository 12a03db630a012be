import type { FaultSpecs } from './spec.ts';

export const gatewayFaults = {
  internal: {
    means: 'Something went wrong that Gatelodge did not expect: {text}',
    remedy: 'Report it with a support bundle.',
    retry: 'later',
  },
  usage: {
    means: '{text}',
    remedy: 'See --help.',
    retry: 'never',
  },
  'identity.folder': {
    means: 'The state folder {folder} cannot be used: {reason}',
    remedy: 'Give gateway.state_dir a folder that this user may write, on a disk that is not full.',
    retry: 'never',
  },
  'identity.damaged': {
    means: 'The file {file} does not hold what it should: {got}',
    remedy: 'Restore it from a backup; or remove it, and a new identity is made.',
    retry: 'never',
  },
  'identity.exposed': {
    means: 'The key file {file} may be read by others (mode {mode})',
    remedy: 'chmod 600 {file}; if others may have read it, remove it so that a new one is made.',
    retry: 'never',
  },
  'control.unreachable': {
    means: 'No gateway answers on the control socket {path}: {reason}',
    remedy: 'Start the gateway (gatelodge run --config FILE), or name its socket with --socket.',
    retry: 'later',
  },
  'control.in-use': {
    means: 'Another gateway answers on the control socket {path}',
    remedy: 'Stop it first, or give this one another control.socket.',
    retry: 'never',
  },
  'control.bad-socket': {
    means: 'The control socket {path} cannot be opened: {reason}',
    remedy: 'Give another control.socket, in a folder that this user may write.',
    retry: 'never',
  },
  'control.bad-answer': {
    means: 'What answers on {path} is not understood: {text}',
    remedy: 'Use the gatelodge of the same version as the one that runs.',
    retry: 'never',
  },
  'command.unknown': {
    means: '{target} has no command {name}; it has {known}',
    remedy: 'Use one of the commands its driver declares (gatelodge drivers ID).',
    retry: 'never',
  },
  'command.bad-args': {
    means: '{target} {name}: {text}',
    remedy: 'See the arguments of this command (gatelodge drivers ID).',
    retry: 'never',
  },
  'load.unknown': {
    means: 'There is no load {load}',
    remedy: 'Did you mean {nearest}? gatelodge loads shows them all.',
    retry: 'never',
  },
  'command.owned': {
    means: '{target} {name} moves what {owner} owns',
    remedy: 'Command {owner} instead; to commission it all the same, say why (--reason).',
    retry: 'never',
  },
  'audit.broken': {
    means: 'The audit is not what was written: at record {nr}, {text}',
    remedy:
      'Compare with the records that the platform has; whoever could write to the card may have changed it.',
    retry: 'never',
  },
  'audit.cut': {
    means: 'The audit does not hold the head {nr} that the platform has; its last record is {last}',
    remedy: 'Its tail was cut off, or the card was replaced: compare with the records that the platform has.',
    retry: 'never',
  },
  'audit.foreign-head': {
    means: 'That head was not signed by {gateway}',
    remedy: 'Give the jws of its newest audit record called head, as the platform has it.',
    retry: 'never',
  },
  'trust.no-key': {
    means: 'The key file holds no private Ed25519 key in PEM',
    remedy: 'Make one with gatelodge sign key --out FILE.',
    retry: 'never',
  },
  'trust.refused': {
    means: 'The signature for {kind} by key {kid} does not count: {reason}',
    remedy:
      'It must be a JWS in compact form with EdDSA, its typ, and the kid of a key that stands under trust in the site file and is valid now.',
    retry: 'never',
  },
  'device.unknown': {
    means: 'There is no device {device}; nearest is {nearest}',
    remedy: 'List them with gatelodge devices.',
    retry: 'never',
  },
  'door.unknown': {
    means: 'There is no door {door}; nearest is {nearest}',
    remedy: 'List them with gatelodge doors.',
    retry: 'never',
  },
  'device.silent': {
    means: '{device} has said nothing for {ms} ms',
    remedy: 'Check its power and wiring, and that its baud is that of the bus.',
    retry: 'soon',
  },
  'device.closed': {
    means: '{device} is closed',
    remedy: 'The gateway is stopping or has been given a new configuration.',
    retry: 'never',
  },
  'device.hung': {
    means: '{device} has not come back from {what} within {ms} ms',
    remedy: 'Its driver waits for something that does not end; report it with a support bundle.',
    retry: 'later',
  },
  'device.made-way': {
    means: '{device} was told nothing: the command {name} came, and went first',
    remedy: 'Nothing to do; it is tried again.',
    retry: 'soon',
  },
  'supply.feeds-lock': {
    means: 'Relay {channel} of {relay} feeds a lock; the supply {supply} is not cut through it',
    remedy: 'Wire the supply to a relay that feeds no lock, and mend supplies in the site file.',
    retry: 'never',
  },
  'device.rest-late': {
    means: '{device} did not reach its safe state within {ms} ms',
    remedy: 'Look at the outputs; check power and wiring of the unit.',
    retry: 'soon',
  },
} as const satisfies FaultSpecs;
