/** Whose business a value is; each destination states a policy per class and an unclassified field is not sent. */
export type PrivacyClass = 'identifier' | 'plate' | 'personal' | 'image' | 'plain';

interface PointBase {
  /** One sentence for people. */
  readonly about: string;
  readonly privacy: PrivacyClass;
}

/** A quantity. `unit` is UCUM (`ug/m3`, `Cel`, `dB[A]`, `mm`, `%`, `1` for a bare count); range is inclusive. */
export interface NumberPoint extends PointBase {
  readonly kind: 'number';
  readonly unit: string;
  readonly min: number;
  readonly max: number;
}

export interface FlagPoint extends PointBase {
  readonly kind: 'flag';
}

export interface StatePoint<S extends string = string> extends PointBase {
  readonly kind: 'state';
  readonly values: readonly S[];
}

export type PointSpec = NumberPoint | FlagPoint | StatePoint;
export type PointSpecs = Readonly<Record<string, PointSpec>>;

export type Value = number | boolean | string;

type ValueOf<P extends PointSpec> = P extends NumberPoint
  ? number
  : P extends FlagPoint
    ? boolean
    : P extends StatePoint<infer S>
      ? S
      : never;

/**
 * What one look at a device gave: any of its points. `null` means the device answered and said that it has no
 * valid value (a sentinel); a point left out was not looked at.
 */
export type Sample<P extends PointSpecs = PointSpecs> = {
  readonly [K in keyof P]?: ValueOf<P[K]> | null;
};
