/**
 * Whether a device's answers look like those of another kind of unit. One odd value is a glitch: only three odd samples in a row
 * raise the suspicion, and three sound ones lay it.
 */
export interface Suspicion {
  readonly raised: boolean;
  /** Samples in a row that speak against what is believed. */
  readonly against: number;
}

const ENOUGH = 3;

export const TRUSTED: Suspicion = { raised: false, against: 0 };

export function suspect(state: Suspicion, odd: boolean): Suspicion {
  if (odd === state.raised) return state.against === 0 ? state : { raised: state.raised, against: 0 };
  const against = state.against + 1;
  return against < ENOUGH ? { raised: state.raised, against } : { raised: odd, against: 0 };
}
