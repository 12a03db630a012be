import type { FaultSpecs } from './spec.ts';

export const uplinkFaults = {
  'uplink.lost': {
    means: 'The connection to the broker was lost: {reason}',
    remedy: 'It is tried again by itself.',
    retry: 'later',
  },
  'uplink.unreachable': {
    means: 'The broker {url} cannot be reached: {reason}',
    remedy: 'Check the network, the host name and the port.',
    retry: 'later',
  },
  'uplink.refused': {
    means: 'The broker refused: {reason} (code {reason_code})',
    remedy: 'Check credentials, access rules and limits of the broker.',
    retry: 'later',
  },
  'uplink.too-large': {
    means: 'A message of {bytes} bytes is above the broker limit of {limit}',
    remedy: 'Raise the packet limit of the broker.',
    retry: 'never',
  },
  'uplink.tls': {
    means: 'The TLS connection to {url} is not trusted: {reason}',
    remedy: 'Check the certificate chain, the host name and the clock; verification is never switched off.',
    retry: 'later',
  },
  'uplink.clock-not-set': {
    means: 'The certificate of {url} is not valid yet by the clock of this machine, which nobody has set',
    remedy: 'Wait for time synchronisation or check NTP; it is tried again by itself.',
    retry: 'later',
  },
  'uplink.bad-prefix': {
    means: 'The topic prefix {prefix} of uplink {uplink} cannot be used: {reason}',
    remedy: 'Write it like gl/1/{site}/{gateway}, each in its own level.',
    retry: 'never',
  },
  'uplink.bad-message': {
    means: 'A message on {topic} is not of the contract: {reason}',
    remedy: 'Check the software of the platform.',
    retry: 'never',
  },
  'receive.bad-log': {
    means: 'Line {line} of {file} is not of a log of received records: {reason}',
    remedy:
      'Give the right file; or move it away and begin a new one: gateways send again what they still keep on request.',
    retry: 'never',
  },
} as const satisfies FaultSpecs;
