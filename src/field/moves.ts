import type {
  FieldWatch,
  LineSetting,
  MoveReport,
  ReaddressWish,
  RebaudWish,
  UnitPlace,
  UnitWish,
} from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';
import { checkArgs, problemsOf } from '../kit/index.ts';
import type { JsonObject, Millis } from '../model/index.ts';
import { BytesMover } from './bytes-mover.ts';
import { factoryOf, type Known, knownOf } from './drivers.ts';
import { ModbusMover } from './modbus-mover.ts';
import { type Move, moveUnit } from './move.ts';
import type { FieldTools } from './scan.ts';
import { sameSetting, settingText } from './settings.ts';
import { unitText } from './shown.ts';
import { Survey } from './survey.ts';

const WAIT_MS: Millis = 400;

/** Gives a unit another address. */
export async function readdress(
  tools: FieldTools,
  wish: ReaddressWish,
  watch: FieldWatch,
): Promise<MoveReport> {
  const known = await unitKnown(tools, wish);
  const { address } = known.setup;
  const { driver } = known;
  if (!address) throw notSettable(known, 'the address', 'it has none that a command changes');
  if (wish.from === wish.to) throw new Fault('usage', { text: `The address is ${wish.from} already` });
  const setting = wish.setting ?? tools.bench.own ?? factoryOf(known);
  const from = { unit: wish.from, setting };
  const to = { unit: wish.to, setting };
  const device = refuseReserved(tools, { known, from, to });
  const { command, by_hand, holds } = address;
  const done = await moveWith(tools, watch, {
    known,
    move: {
      ...{ driver: driver.id, from, to, holds, by_hand, follows: true, wait_ms: wish.wait_ms },
      ...(command !== undefined && { command: checked(known, command, { address: wish.to }) }),
    },
  });
  const next = [
    ...whatNow(done.state, by_hand),
    device?.unit === wish.to
      ? `The site file has it as ${device.device} already.`
      : `${driver.link === 'bytes' ? `Write ${address.option}: ${wish.to} into its options` : `Write unit: ${wish.to}`} in the site file${device ? ` (${device.device})` : ''}, and on the unit.`,
  ];
  return { ...done, driver: driver.id, from, to, next, ...(device && { device: device.device }) };
}

/** Gives a unit another speed or parity. */
export async function rebaud(tools: FieldTools, wish: RebaudWish, watch: FieldWatch): Promise<MoveReport> {
  const known = await unitKnown(tools, wish);
  const { line } = known.setup;
  const { driver } = known;
  if (!line) throw notSettable(known, 'the speed', 'it has but one, or only hands change it');
  const from = { unit: wish.unit, setting: wish.from ?? tools.bench.own ?? factoryOf(known) };
  const setting: LineSetting = { baud: wish.to.baud, parity: wish.to.parity ?? from.setting.parity };
  if (sameSetting(from.setting, setting))
    throw new Fault('usage', { text: `It is to have ${settingText(setting)} already` });
  if (setting.parity !== from.setting.parity && !line.takes_parity)
    throw notSettable(known, 'the parity', 'only the speed can be told');
  const { command, by_hand, holds, takes_parity } = line;
  const args = { baud: setting.baud, ...(takes_parity && { parity: setting.parity }) };
  const to = { unit: wish.unit, setting };
  const done = await moveWith(tools, watch, {
    known,
    move: {
      ...{ driver: driver.id, from, to, holds, by_hand, follows: tools.bench.adjustable },
      wait_ms: wish.wait_ms,
      ...(command !== undefined && { command: checked(known, command, args) }),
    },
  });
  const device = tools.site.find(({ unit }) => unit === wish.unit);
  const next = [
    ...whatNow(done.state, by_hand),
    ...(done.state === 'unseen'
      ? [`Set the serial server to ${settingText(setting)}, then look whether it answers there.`]
      : []),
    `Every unit of a wire has one speed: give the others ${settingText(setting)} too, then the bus in the site file.`,
  ];
  return { ...done, driver: driver.id, from, to, next, ...(device && { device: device.device }) };
}

async function unitKnown({ library }: FieldTools, { driver: name, options }: UnitWish): Promise<Known> {
  const driver = await library.load(name);
  const checkedOptions = driver.options.safeParse(options ?? {});
  if (!checkedOptions.success)
    throw new Fault('driver.bad-options', { id: name, text: problemsOf(checkedOptions.error) });
  return knownOf(driver, checkedOptions.data);
}

async function moveWith(
  { bench, clock }: FieldTools,
  watch: FieldWatch,
  { known, move }: { readonly known: Known; readonly move: Move },
): Promise<Pick<MoveReport, 'state' | 'evidence'>> {
  const survey = new Survey(bench, watch, { wait_ms: WAIT_MS, anyway: false });
  const { link } = known.driver;
  const option = known.setup.address?.option;
  if (link === 'modbus') return moveUnit(move, { survey, clock, mover: new ModbusMover(survey, known) });
  if (link !== 'bytes' || option === undefined)
    throw notSettable(known, 'the place', 'it hangs on no wire of units with addresses');
  return moveUnit(move, { survey, clock, mover: new BytesMover(bench, watch, { known, option }) });
}

/** The command with its arguments, as its schema has them. Fault command.bad-args, which names what is allowed. */
const checked = ({ driver }: Known, name: string, args: JsonObject): NonNullable<Move['command']> => ({
  name,
  args: checkArgs({ target: driver.id, name, args }, driver.commands),
});

/** The address that it is to have is that of no other device; gives the device of the site file that it is or becomes. */
function refuseReserved(
  { site, bench }: FieldTools,
  { known, from, to }: { readonly known: Known; readonly from: UnitPlace; readonly to: UnitPlace },
) {
  if (bench.own && !sameSetting(bench.own, to.setting)) return undefined;
  const there = site.find(({ unit }) => unit === to.unit);
  if (there && there.driver.id !== known.driver.id)
    throw new Fault('field.reserved', {
      ...{ place: unitText(to), device: there.device, driver: there.driver.id },
    });
  return there ?? site.find(({ unit, driver }) => unit === from.unit && driver.id === known.driver.id);
}

function whatNow(state: MoveReport['state'], by_hand: string | undefined): readonly string[] {
  if (state !== 'pending') return [];
  return [by_hand ?? 'Switch it off and on: it takes it with its next start.'];
}

const notSettable = ({ driver }: Known, what: string, reason: string): Fault =>
  new Fault('field.not-settable', { driver: driver.id, what, reason });
