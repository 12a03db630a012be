/** A tool has a wire of a running gateway for no longer: one that is forgotten gives it back by itself. */
export const LOAN_MINUTES = 10;
