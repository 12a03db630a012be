import type { FaultSpecs } from './spec.ts';

export const httpFaults = {
  'http.bad-message': {
    means: 'This is not what HTTP or its contents should look like: {reason}',
    remedy: 'Check that the driver matches the installed unit, and its firmware.',
    retry: 'soon',
  },
} as const satisfies FaultSpecs;
