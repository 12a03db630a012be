import type {
  Acting,
  AnyDriver,
  AnySimulator,
  CommandSpec,
  DriverDefinition,
  FarEnd,
  LinkKind,
  Observing,
  Passive,
  Session,
  SimulatorDefinition,
} from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { isId, type JsonObject, type PointSpecs } from '../model/index.ts';
import { checkPoints, PRIVACY_CLASSES } from './check-points.ts';

type Commands = Readonly<Record<string, CommandSpec>>;

/** A driver that declares commands must act and rest; one that declares none may do neither. */
type SessionFor<C extends Commands, P extends PointSpecs> = Observing<P> &
  (keyof C extends never ? Passive : Acting);

type DriverSource<L extends LinkKind, O, P extends PointSpecs, C extends Commands> = Omit<
  DriverDefinition<L, O, P>,
  'open' | 'commands'
> & {
  readonly commands: C;
  readonly open: (link: Parameters<DriverDefinition<L, O, P>['open']>[0], options: O) => SessionFor<C, P>;
};

/**
 * A driver, checked when its module loads: driver.bad-definition names what is wrong. Around `act` and `encode` it checks
 * name and arguments (command.unknown, command.bad-args), so a driver sees only what it declared.
 */
export function defineDriver<L extends LinkKind, O, P extends PointSpecs, const C extends Commands>(
  source: DriverSource<L, O, P, C>,
): DriverDefinition<L, O, P> {
  checkDriver(source.id, source);
  const { encode } = source;
  return {
    ...source,
    points: (options) => checkPoints(source.id, source.points(options)),
    open: (link, options) => {
      // Either arm of SessionFor is a Session; the compiler does not resolve the condition for an open C.
      const session = source.open(link, options) as Session<P>;
      return guarded(source.id, source.commands, session);
    },
    ...(encode && {
      encode: (name, args, options, unit) => {
        const first = firstStep({ target: source.id, name, args }, source.commands);
        return encode(first.name, first.args, options, unit);
      },
    }),
  };
}

function guarded<P extends PointSpecs>(target: string, commands: Commands, session: Session<P>): Session<P> {
  if (!session.act) return session;
  const { act, rest } = session;
  const checked: Acting['act'] = async (name, args, call) => {
    const first = firstStep({ target, name, args }, commands);
    return act(first.name, first.args, call);
  };
  return { ...session, act: checked, rest };
}

interface Wish {
  readonly target: string;
  readonly name: string;
  readonly args: JsonObject;
}

/** What is really sent for a command, with its arguments checked: of one that the host times, the command it begins with. */
function firstStep({ target, name, args }: Wish, commands: Commands): Omit<Wish, 'target'> {
  const parsed = checkArgs({ target, name, args }, commands);
  const begin = commands[name]?.steps?.begin;
  if (begin === undefined) return { name, args: parsed };
  return { name: begin, args: checkArgs({ target, name: begin, args: withoutMillis(parsed) }, commands) };
}

/** The arguments that both steps of a command that the host times take. */
export function withoutMillis({ ms: _ms, ...rest }: JsonObject): JsonObject {
  return rest;
}

/** The arguments as the command's schema gives them back, defaults filled in. */
export function checkArgs(wish: Wish, commands: Commands): JsonObject {
  const { target, name } = wish;
  const spec = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!spec)
    throw new Fault('command.unknown', { target, name, known: Object.keys(commands).join(', ') || 'none' });
  const parsed = spec.args.safeParse(wish.args);
  if (parsed.success) return parsed.data;
  throw new Fault(
    'command.bad-args',
    { target, name, text: problemsOf(parsed.error) },
    { cause: parsed.error },
  );
}

/** One line of a schema library's error: `ms: expected a number; channel: …`. */
export function problemsOf(error: unknown): string {
  const issues = typeof error === 'object' && error !== null && 'issues' in error ? error.issues : undefined;
  if (!Array.isArray(issues)) return String(error);
  return issues
    .map((issue: { readonly path?: readonly PropertyKey[]; readonly message?: string }) =>
      [issue.path?.map(String).join('.'), issue.message].filter(Boolean).join(': '),
    )
    .join('; ');
}

function checkDriver(
  id: string,
  driver: Omit<
    DriverSource<LinkKind, never, PointSpecs, Commands>,
    'points' | 'decode' | 'encode' | 'cost' | 'warm_up_ms' | 'setup' | 'recognise' | 'open' | 'options'
  >,
): void {
  const refuse = (text: string): never => {
    throw new Fault('driver.bad-definition', { id, text });
  };
  if (!isId(id)) refuse('its id is not lower case letters, digits and -');
  for (const alias of driver.aliases)
    if (!isId(alias)) refuse(`alias ${alias} is not lower case letters, digits and -`);
  if (!driver.about.trim()) refuse('say in one sentence what it is');
  if (driver.wire.baud <= 0 || driver.wire.timeout_ms <= 0 || driver.wire.gap_ms < 0)
    refuse('wire: baud and timeout_ms are above 0');
  if (!(driver.poll_ms.min > 0 && driver.poll_ms.min <= driver.poll_ms.default))
    refuse('poll_ms: 0 < min ≤ default');
  for (const [name, event] of Object.entries(driver.events)) {
    for (const [field, { privacy }] of Object.entries(event.fields)) {
      if (!PRIVACY_CLASSES.includes(privacy)) refuse(`event ${name}: field ${field} needs a privacy class`);
    }
  }
  for (const [name, command] of Object.entries(driver.commands)) {
    const problem = commandProblem(command) ?? stepsProblem(command, driver.commands);
    if (problem) refuse(`command ${name}: ${problem}`);
  }
}

function commandProblem({
  about,
  timing,
  step_ms,
  max_ms,
  on_process_end,
  actuates,
}: CommandSpec): string | undefined {
  if (!about.trim()) return 'say in one sentence what it does';
  if (timing === 'none') return step_ms || max_ms ? 'an untimed command has no step_ms or max_ms' : undefined;
  if (!actuates) return 'what is timed actuates';
  if (timing === 'board' && on_process_end !== 'timed')
    return 'the board ends it by itself: on_process_end is timed';
  if (timing === 'host' && on_process_end === 'timed')
    return 'nobody ends it when this process dies: not timed';
  if (!(step_ms && max_ms && step_ms <= max_ms)) return 'a timed command says step_ms and max_ms';
  return undefined;
}

/** A command that the host times is made of commands that the driver has and that last. */
function stepsProblem({ timing, steps }: CommandSpec, commands: Commands): string | undefined {
  if (timing !== 'host') return steps && 'only what the host times has steps';
  if (!steps) return 'the host times it: steps say what it begins and ends with';
  const lasts = (name: string) => Object.hasOwn(commands, name) && commands[name]?.timing === 'none';
  const wrong = [steps.begin, steps.end].find((name) => !lasts(name));
  return wrong && `its step ${wrong} is no command of the driver that lasts`;
}

/** The device's own side, for tests and `simulate`. */
export const defineSimulator = <O>(simulator: SimulatorDefinition<O>): SimulatorDefinition<O> => simulator;

/**
 * A driver whose types are forgotten, as the index hands it out. Whoever uses it gives `open` the link kind that `link` names
 * and options that its own schema gave; that is why the cast is sound.
 */
export const anyDriver = <L extends LinkKind, O, P extends PointSpecs>(
  driver: DriverDefinition<L, O, P>,
): AnyDriver => driver as unknown as AnyDriver;

/** The same for a simulator: its options come out of its driver's schema. */
export const anySimulator = <O>(simulator: SimulatorDefinition<O>): AnySimulator => ({
  driver: simulator.driver,
  // The schema of the driver of that id made the options (see above).
  open: (options: unknown, seed: number): FarEnd => simulator.open(options as O, seed),
});
