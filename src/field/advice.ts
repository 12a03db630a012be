import type { Advice, Bench, FoundUnit, LineSetting, ScanReport, SiteUnit } from '../contracts/index.ts';
import { sameSetting, settingText } from './settings.ts';
import { unitText } from './shown.ts';

type Seen = Pick<ScanReport, 'found' | 'silent' | 'echo'>;
interface Around {
  readonly site: readonly SiteUnit[];
  readonly bench: Pick<Bench, 'own'>;
}

/** What does not fit together on a wire, and what to do about it: the gravest first. */
export function adviceOn(seen: Seen, { site, bench: { own } }: Around): readonly Advice[] {
  const others = strangers(seen.found, site);
  return [
    ...seen.found.filter(({ shared }) => shared).map(sharedAddress),
    ...others,
    ...seen.silent.flatMap((device) => {
      const unit = site.find((one) => one.device === device);
      return unit ? [missing(unit, seen.found, own)] : [];
    }),
    ...speeds(seen, site, own),
    ...(seen.echo ? [ECHO] : []),
  ];
}

const sharedAddress = (found: FoundUnit): Advice => ({
  code: 'shared-address',
  text: `More than one unit answers as ${unitText(found)}.`,
  remedy: 'Unplug all but one of them, give that one another address (bus readdress), and connect the next.',
  devices: found.device === undefined ? [] : [found.device],
  units: [found.unit],
});

/** What answers in the place of a device and is something else. */
function strangers(found: readonly FoundUnit[], site: readonly SiteUnit[]): readonly Advice[] {
  const wrong = found.flatMap((one) => {
    const device = site.find((each) => each.device === one.device);
    const looks = looksLike(one);
    return device && looks !== undefined && looks !== device.driver.id ? [{ one, device, looks }] : [];
  });
  const told = new Set<string>();
  return wrong.flatMap(({ one, device, looks }) => {
    if (told.has(device.device)) return [];
    const other = wrong.find(
      (each) => each.device !== device && each.looks === device.driver.id && each.device.driver.id === looks,
    );
    const devices = [device.device, ...(other ? [other.device.device] : [])];
    for (const each of devices) told.add(each);
    if (other) {
      return {
        code: 'exchanged',
        text: `${devices.join(' and ')} answer, each at the address of the other (${one.unit} and ${other.one.unit}).`,
        remedy: 'Exchange the two addresses in the site file, if the units stand where they should.',
        devices,
        units: [one.unit, other.one.unit],
      };
    }
    return {
      code: isRelayBoard(one) && device.driver.relays ? 'other-relays' : 'other-driver',
      text: `${device.device} is a ${device.driver.id} in the site file; what answers as ${unitText(one)} looks like a ${looks} (${one.looks_like[0]?.evidence[0] ?? 'by its values'}).`,
      remedy:
        isRelayBoard(one) && device.driver.relays
          ? 'Name the right driver before anything is switched: such boards do not count their relays alike, and the same bytes move another one.'
          : 'Name the right driver in the site file, or look whether the unit stands where it should.',
      devices,
      units: [one.unit],
    };
  });
}

const isRelayBoard = ({ looks_like: [first] }: FoundUnit): boolean => first?.relays === true;

/** What a unit is taken for, where that is more than a guess. */
function looksLike({ looks_like: [first] }: FoundUnit): string | undefined {
  return first && first.certainty !== 'weak' ? first.driver : undefined;
}

/** A device that did not answer where it should. */
function missing(unit: SiteUnit, found: readonly FoundUnit[], own: LineSetting | undefined): Advice {
  const { device, driver } = unit;
  const isIt = (one: FoundUnit) => (looksLike(one) ?? driver.id) === driver.id;
  const name = `${device} (${driver.id}, unit ${unit.unit})`;
  const elsewhere = found.find(
    (one) => one.unit === unit.unit && own && !sameSetting(one.setting, own) && isIt(one),
  );
  const common = { devices: [device], units: unit.unit === undefined ? [] : [unit.unit] };
  if (elsewhere && own) {
    const speed = settingText(elsewhere.setting);
    return {
      ...common,
      code: elsewhere.setting.baud === own.baud ? 'other-parity' : 'other-speed',
      text: `${name} answers at ${speed}; the wire has ${settingText(own)}.`,
      remedy: `Give it the speed of the wire (bus rebaud --unit ${unit.unit} --from ${shortText(elsewhere.setting)} --to ${shortText(own)}), or the wire that of its units.`,
    };
  }
  const stray = found.find((one) => one.device === undefined && looksLike(one) === driver.id);
  if (stray) {
    const at = own && sameSetting(stray.setting, own) ? `unit ${stray.unit}` : unitText(stray);
    return {
      ...common,
      code: 'other-address',
      text: `${name} is silent, and ${at}, which the site file does not know, looks like one.`,
      remedy: `If it is the same, give it its address (bus readdress --from ${stray.unit} --to ${unit.unit}), or write unit: ${stray.unit}.`,
      units: [...common.units, stray.unit],
    };
  }
  const { wire } = driver;
  const factory = `unit ${wire.unit ?? 1} at ${settingText({ baud: wire.baud, parity: wire.parity })}`;
  return {
    ...common,
    code: 'nowhere',
    text: `${driver.link === 'modbus' ? name : `${device} (${driver.id})`} was heard nowhere.`,
    remedy:
      driver.link === 'modbus'
        ? `Check its power, that A is on A and B on B, and the ends of the wire; from the factory it is ${factory}.`
        : 'Check its power, and that its TX is on our RX.',
  };
}

/** Units that cannot be on one wire with the others as they are. */
function speeds({ found }: Seen, site: readonly SiteUnit[], own: LineSetting | undefined): readonly Advice[] {
  if (own) {
    return found.flatMap((one) => {
      const known = site.some(
        ({ unit, driver }) => unit === one.unit && (looksLike(one) ?? driver.id) === driver.id,
      );
      if (sameSetting(one.setting, own) || known) return [];
      return {
        code: one.setting.baud === own.baud ? 'other-parity' : 'other-speed',
        text: `${unitText(one)} answers; the wire has ${settingText(own)}.`,
        remedy: `Give it the speed of the wire (bus rebaud --unit ${one.unit} --from ${shortText(one.setting)} --to ${shortText(own)}).`,
        devices: [],
        units: [one.unit],
      };
    });
  }
  const texts = [...new Set(found.map(({ setting }) => settingText(setting)))];
  if (texts.length < 2) return [];
  return [
    {
      code: 'mixed-speeds',
      text: `Units of this wire answer at ${texts.join(', ')}.`,
      remedy: 'A wire has one speed: give them all the same (bus rebaud).',
      devices: [],
      units: found.map(({ unit }) => unit),
    },
  ];
}

/** As it is typed: `9600`, `9600-8E1`. */
const shortText = (setting: LineSetting): string =>
  setting.parity === 'none' ? String(setting.baud) : settingText(setting).replace(' ', '-');

const ECHO: Advice = {
  code: 'echo',
  text: 'The adapter hears what it says itself.',
  remedy: 'That is no fault: a bus leaves its own bytes out (echo: auto).',
  devices: [],
  units: [],
};
