import type { JsonObject } from '../../src/model/index.ts';
import { dice } from './quiet.ts';

export type BayIs = 'free' | 'occupied' | 'unknown';

/** A bay of the compound: where it is counted, and which far end sees it, with what it is told for a car and for none. */
export interface SeenBay {
  readonly zone: string;
  readonly id: string;
  readonly device: string;
  readonly shows: (taken: boolean) => JsonObject;
  /** Its detector forgets a car after so long. */
  readonly forgets_ms?: number;
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** The sixty bays of riverside, as its installer wired them. */
export const BAYS: readonly SeenBay[] = [
  ...range(1, 16).map((bay) => ({
    zone: 'parking-b1',
    id: `b1-${bay}`,
    device: 'loops-b1',
    shows: (taken: boolean) => ({ [`bay-${bay}`]: taken }),
    forgets_ms: 14_400_000,
  })),
  ...range(17, 24).map((bay) => ceiling('b1', bay)),
  ...range(1, 16).map((bay) => magnet('b2', 'magnets-b2', bay)),
  ...range(17, 24).map((bay) => ceiling('b2', bay)),
  ...range(1, 4).map((bay) => ({
    ...magnet('v', 'magnets-visitors', bay),
    zone: 'parking-visitors',
  })),
  ...range(5, 8).map((bay) => ({
    zone: 'parking-visitors',
    id: `v-${bay}`,
    device: `ranger-${bay}`,
    shows: (taken: boolean) => ({ distance: taken ? 620 : 3100 }),
  })),
  ...range(1, 4).map((bay) => ({
    zone: 'parking-forecourt',
    id: `f-${bay}`,
    device: `forecourt-${bay}`,
    shows: (taken: boolean) => ({ closed: taken }),
  })),
];

function ceiling(level: string, bay: number): SeenBay {
  return {
    zone: `parking-${level}`,
    id: `${level}-${bay}`,
    device: `ceiling-${level}-${bay}`,
    shows: (taken) => ({ distance: taken ? 880 : 2410 }),
  };
}

function magnet(level: string, device: string, bay: number): SeenBay {
  return {
    zone: `parking-${level}`,
    id: `${level}-${bay}`,
    device,
    shows: (taken) => ({ [`occupied-${bay}`]: taken ? 'occupied' : 'free' }),
  };
}

/** A loop's own timer is not that exact: within a fiftieth of the limit and two seconds, presence that ends is not believed to be a departure. */
const isAtLimit = (stayed_ms: number, limit_ms: number) =>
  Math.abs(stayed_ms - limit_ms) <= limit_ms / 50 + 2000;

/** Cars that come and go, by chance that can be had again. How the bays stand is known here, whatever anybody reads of it. */
export class ParkedCars {
  private readonly random = dice(60);
  private readonly taken = new Map<string, boolean>();
  private readonly since = new Map<string, number>();
  private readonly forgotten = new Set<string>();
  private readonly hidden = new Set<string>();
  /** Each bay's states in order, as a platform should come to know them. */
  readonly history = new Map<string, string[]>();
  private readonly tell: (device: string, values: JsonObject) => void;

  constructor(tell: (device: string, values: JsonObject) => void) {
    this.tell = tell;
  }

  /** All bays as they stand at first, many of them taken. */
  begin(unix_ms: number): void {
    for (const bay of BAYS) this.put(bay, this.random() < 0.6, unix_ms);
  }

  /** Some come, some go. */
  move(unix_ms: number): void {
    for (const bay of BAYS) {
      const taken = this.taken.get(bay.id) === true;
      if (this.random() < (taken ? 0.08 : 0.12)) this.put(bay, !taken, unix_ms);
    }
  }

  put(bay: SeenBay, taken: boolean, unix_ms: number): void {
    const stayed = unix_ms - (this.since.get(bay.id) ?? unix_ms);
    if (taken) this.forgotten.delete(bay.id);
    else if (this.taken.get(bay.id) && bay.forgets_ms && isAtLimit(stayed, bay.forgets_ms))
      this.forgotten.add(bay.id);
    this.taken.set(bay.id, taken);
    this.since.set(bay.id, unix_ms);
    if (!this.hidden.has(bay.id)) this.tell(bay.device, bay.shows(taken));
    this.history.set(bay.id, [...(this.history.get(bay.id) ?? []), this.stateOf(bay.id)]);
  }

  /** Whatever comes or goes there, its detector is not told. */
  hide(id: string): void {
    this.hidden.add(id);
  }

  /** Its detector sees again what stands there. */
  show(id: string): void {
    this.hidden.delete(id);
    const bay = BAYS.find((one) => one.id === id);
    if (bay) this.tell(bay.device, bay.shows(this.taken.get(id) === true));
  }

  stateOf(id: string): BayIs {
    if (this.forgotten.has(id)) return 'unknown';
    return this.taken.get(id) ? 'occupied' : 'free';
  }
}
