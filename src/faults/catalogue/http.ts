import type { FaultSpecs } from './spec.ts';

export const httpFaults = {
  'http.bad-message': {
    means: 'This is not what HTTP or its contents should look like: {reason}',
    remedy: 'Check that the driver matches the installed unit, and its firmware.',
    retry: 'soon',
  },
  'http.bad-request': {
    means: 'A request that HTTP cannot carry: {reason}',
    remedy: 'Check the options of the device.',
    retry: 'never',
  },
  'http.status': {
    means: 'The device answers {status} to {path}: {reason}',
    remedy:
      'Check that the unit has what is asked for (channel, stream, output), that the user may use it, and that the service is switched on.',
    retry: 'later',
  },
  'http.login-refused': {
    means: 'The host of bus {bus} does not take our user and password; nothing is asked there for {wait_s} s',
    remedy:
      'Set user and password of the bus as they are on the unit. It is tried seldom, since cameras lock out who tries often; a restart of the bus tries at once.',
    retry: 'later',
  },
  'http.login-kind': {
    means: 'The host of bus {bus} asks for a login that is not given: {reason}',
    remedy: 'Switch the unit to digest authentication, or say auth: basic in the site file.',
    retry: 'later',
  },
  'http.certificate': {
    means: 'The host of bus {bus} cannot prove who it is: {reason}',
    remedy:
      'Give the ca that signed its certificate, or the fingerprint of the certificate itself; compare it at the unit.',
    retry: 'later',
  },
} as const satisfies FaultSpecs;
