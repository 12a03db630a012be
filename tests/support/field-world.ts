import { openLibrary } from '../../drivers/index.ts';
import { openBench } from '../../src/buses/index.ts';
import type { CliDeps } from '../../src/cli/index.ts';
import type {
  BenchPlace,
  FieldProgress,
  FieldWork,
  LineSetting,
  MoveReport,
  ReaddressWish,
  RebaudWish,
  ScanReport,
  ScanWish,
  SiteUnit,
} from '../../src/contracts/index.ts';
import { openField } from '../../src/field/index.ts';
import { farWire } from './far-bus.ts';
import { VirtualClock } from './virtual-clock.ts';

/** As `bus scan` asks when nothing is said. */
const USUAL: ScanWish = { depth: 'usual', identify: true, anyway: false };

/** A technician's tool on a wire in memory, in virtual time. */
export async function fieldWorld(
  how: { readonly echo?: boolean; readonly collide?: boolean; readonly own?: LineSetting } = {},
) {
  const clock = new VirtualClock();
  const wire = farWire(clock, how);
  const library = await openLibrary();
  const bench = openBench(
    { kind: 'serial', path: '/wires/bus', ...(how.own && { own: how.own }) },
    { ports: wire.ports, clock },
  );
  const progress: FieldProgress[] = [];
  const stop = new AbortController();
  const watch = { tell: (step: FieldProgress) => void progress.push(step), signal: stop.signal };

  /** Lets time pass until it is over. */
  const through = async <T>(work: Promise<T>): Promise<T> => {
    let over = false;
    const ended = work.finally(() => {
      over = true;
    });
    ended.catch(() => {});
    while (!over) {
      // While drivers are being loaded nobody sleeps, and no time passes.
      if (clock.sleepers().length > 0) await clock.advance(100);
      else await new Promise((resolve) => setImmediate(resolve));
    }
    return ended;
  };
  const field = (site: readonly SiteUnit[]): FieldWork => openField({ bench, library, clock, site });
  return {
    ...wire,
    clock,
    library,
    bench,
    progress,
    stop,
    watch,
    through,
    /** The same wire for the command line, whatever port it names; `places`: which it named. */
    cli: (places: BenchPlace[] = []): Pick<CliDeps, 'field' | 'signal'> => ({
      field: ({ place, ...more }) => {
        places.push(place);
        return openField({ bench: openBench(place, { ports: wire.ports, clock }), clock, ...more });
      },
      signal: stop.signal,
    }),
    scan: (wish: Partial<ScanWish> = {}, site: readonly SiteUnit[] = []): Promise<ScanReport> =>
      through(field(site).scan({ ...USUAL, ...wish }, watch)),
    readdress: (
      wish: Omit<ReaddressWish, 'wait_ms'> & { readonly wait_ms?: number },
      site: readonly SiteUnit[] = [],
    ): Promise<MoveReport> => through(field(site).readdress({ wait_ms: 0, ...wish }, watch)),
    rebaud: (
      wish: Omit<RebaudWish, 'wait_ms'> & { readonly wait_ms?: number },
      site: readonly SiteUnit[] = [],
    ): Promise<MoveReport> => through(field(site).rebaud({ wait_ms: 0, ...wish }, watch)),
    /** A device of the site file that is on this wire. */
    site: async (device: string, driver: string, unit: number): Promise<SiteUnit> => {
      const definition = await library.load(driver);
      return { device, unit, driver: definition, options: definition.options.parse({}) };
    },
  };
}
