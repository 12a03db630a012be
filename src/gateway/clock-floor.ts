import { type AccessTime, accessTime } from '../access/index.ts';
import type { Log, State, StateWrite, WallClock } from '../contracts/index.ts';
import { asFault } from '../faults/index.ts';
import type { Millis } from '../model/index.ts';

const OWNER = 'doors';
/** No door has this name: ids begin with a letter or a digit. */
const NAME = '-time';
/** It goes with every record that doors store; by itself only so often, for the sake of the card. */
const ALONE_MS: Millis = 600_000;

interface ClockFloorWorld {
  readonly state: State;
  readonly wall: WallClock;
  readonly log: Log;
  /** Of the newest record in the store; undefined: none tells. */
  readonly newest_ms: Millis | undefined;
}

/** The time of day as doors use it: a clock that nobody has set is at least as late as anything that was ever stored. */
export class ClockFloor {
  private readonly state: State;
  private readonly wall: WallClock;
  private readonly log: Log;
  private newest_ms: Millis;
  private written_up = Number.NEGATIVE_INFINITY;

  constructor(world: ClockFloorWorld) {
    this.newest_ms = world.newest_ms ?? 0;
    this.state = world.state;
    this.wall = world.wall;
    this.log = world.log;
  }

  async load(): Promise<void> {
    const kept = await this.state.get(OWNER, NAME).catch((error: unknown) => {
      this.log.error({ fault: asFault(error) }, 'how late it is at least cannot be read');
      return undefined;
    });
    if (typeof kept?.unix_ms === 'number') this.newest_ms = Math.max(this.newest_ms, kept.unix_ms);
  }

  time(): AccessTime {
    const { unix_ms, state } = this.wall.read();
    return accessTime({ unix_ms, clock: state }, this.newest_ms);
  }

  /** To be stored with a record that is stored now. */
  kept(): readonly StateWrite[] {
    const { unix_ms, known } = this.time();
    return known ? [{ owner: OWNER, name: NAME, value: { unix_ms: Math.round(unix_ms) } }] : [];
  }

  /** Time passes where nothing happens, too. */
  remember(up: Millis): void {
    const [write] = this.kept();
    if (!write || up - this.written_up < ALONE_MS) return;
    this.written_up = up;
    void this.state.set(write.owner, write.name, write.value).catch(() => {});
  }
}
