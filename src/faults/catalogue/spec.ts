export interface FaultSpec {
  /** What happened; `{name}` is filled from the facts. */
  readonly means: string;
  /** What to do about it. */
  readonly remedy: string;
  /** Who may try again: `soon` the caller, `later` after back-off, `never` nobody until something is changed. */
  readonly retry: 'soon' | 'later' | 'never';
}
export type FaultSpecs = Readonly<Record<string, FaultSpec>>;
