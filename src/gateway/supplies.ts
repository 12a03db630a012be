import { ticker } from '../clock/index.ts';
import type { CheckedSupply } from '../config/index.ts';
import { Supply, type SupplyWorld } from './supply.ts';

/** The supplies that the gateway may cut when what they feed is silent. One never waits for another, unless they share a relay board. */
export class Supplies {
  private readonly supplies: readonly Supply[];
  private readonly ids: readonly string[];
  private readonly world: Omit<SupplyWorld, 'boards'>;

  constructor(plans: readonly CheckedSupply[], world: Omit<SupplyWorld, 'boards'>) {
    this.world = world;
    this.ids = plans.map(({ config }) => config.id);
    const boards = new Set<string>();
    this.supplies = plans
      .filter(({ fed }) => fed.length > 0)
      .map((plan) => new Supply(plan, { ...world, boards }));
  }

  /** Takes up what an earlier run left; before any device is heard. */
  async begin(): Promise<void> {
    await this.forget();
    await Promise.all(this.supplies.map((supply) => supply.begin()));
  }

  /** Resolves when what was under way has been told to end, and has. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.supplies.length === 0) return;
    for await (const _ of ticker(this.world.clock, { name: 'supplies', every_ms: 1000 }, signal)) {
      for (const supply of this.supplies) supply.look(signal);
    }
    await Promise.all(this.supplies.map((supply) => supply.settled()));
  }

  /** What belonged to supplies that the site no longer has. */
  private async forget(): Promise<void> {
    const { state } = this.world;
    const before = await state.get('supplies', NAMES);
    const known = Array.isArray(before?.ids) ? before.ids : [];
    if (JSON.stringify(known) === JSON.stringify(this.ids)) return;
    const gone = known.filter((id) => typeof id === 'string' && !this.ids.includes(id));
    await Promise.all(gone.map((id) => state.set('supplies', String(id), undefined)));
    await state.set('supplies', NAMES, { ids: this.ids });
  }
}

/** No id of a supply looks like this. */
const NAMES = '.ids';
