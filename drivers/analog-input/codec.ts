/** Volts and what they mean, in the order of the volts. */
export type Curve = readonly (readonly [volts: number, value: number])[];

/**
 * Sharp's infrared distance sensors: volts and cm of white paper, as the typical curves of the data sheets show them. Nearer than where a curve
 * begins the voltage falls again, so something that is too near looks far away.
 */
export const CURVES: Readonly<Record<'sharp-gp2y0a21yk0f' | 'sharp-gp2y0a02yk0f', Curve>> = {
  'sharp-gp2y0a21yk0f': [
    [0.41, 80],
    [0.45, 70],
    [0.51, 60],
    [0.6, 50],
    [0.74, 40],
    [0.92, 30],
    [1.08, 25],
    [1.31, 20],
    [1.64, 15],
    [2.31, 10],
  ],
  'sharp-gp2y0a02yk0f': [
    [0.44, 150],
    [0.5, 130],
    [0.6, 110],
    [0.72, 90],
    [0.91, 70],
    [1.04, 60],
    [1.23, 50],
    [1.53, 40],
    [1.99, 30],
    [2.53, 20],
  ],
};

/** How a level becomes a value. */
export interface Scale {
  /** Values at nothing and at full scale. */
  readonly low: number;
  readonly high: number;
  /** In place of a straight line. */
  readonly curve?: Curve | undefined;
  /** What full scale is. */
  readonly reference_v: number;
  /** Shares of full scale outside which no sensor is there. */
  readonly alive?: readonly [low: number, high: number] | undefined;
  readonly decimals: number;
}

/** Share of full scale (0..1) → value; null where the sensor says nothing: it is not there, or beyond its curve. */
export function valueAt(share: number, scale: Scale): number | null {
  const { low, high, curve, alive, reference_v, decimals } = scale;
  if (alive && (share < alive[0] || share > alive[1])) return null;
  const value = curve ? alongCurve(share * reference_v, curve) : low + share * (high - low);
  return value === undefined ? null : Number(value.toFixed(decimals));
}

/** Lowest and highest value there can be. */
export function rangeOf({
  low,
  high,
  curve,
}: Pick<Scale, 'low' | 'high' | 'curve'>): readonly [number, number] {
  const values = curve ? curve.map(([, value]) => value) : [low, high];
  return [Math.min(...values), Math.max(...values)];
}

function alongCurve(volts: number, curve: Curve): number | undefined {
  const above = curve.findIndex(([at]) => at >= volts);
  const [to, from] = [curve[above], curve[above - 1]];
  if (!to) return undefined;
  if (!from) return to[0] === volts ? to[1] : undefined;
  return from[1] + ((volts - from[0]) / (to[0] - from[0])) * (to[1] - from[1]);
}
