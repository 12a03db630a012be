import type { Value } from '../model/index.ts';

/** A relay of a simulated board that feeds other simulated devices. */
export interface FarSupply {
  readonly relay: string;
  /** The flag that board tells of it, and how it stands while there is no current. */
  readonly point: string;
  readonly cut: boolean;
  readonly fed: readonly string[];
}

/** Who has power: a device whose supply is cut neither hears nor says anything. Known by what the relay boards tell. */
export class FarPower {
  private readonly supplies: readonly FarSupply[];
  private readonly back: (device: string) => void;
  private readonly off = new Set<string>();

  /** `back` hears of each device that has got its power back. */
  constructor(supplies: readonly FarSupply[], back: (device: string) => void) {
    this.supplies = supplies;
    this.back = back;
  }

  told(device: string, values: Readonly<Record<string, Value | null>>): void {
    for (const { relay, point, cut, fed } of this.supplies) {
      if (relay !== device || values[point] === undefined) continue;
      for (const id of fed) this.set(id, values[point] !== cut);
    }
  }

  isOff(device: string): boolean {
    return this.off.has(device);
  }

  private set(device: string, on: boolean): void {
    if (!on) this.off.add(device);
    else if (this.off.delete(device)) this.back(device);
  }
}
