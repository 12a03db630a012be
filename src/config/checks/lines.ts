import type { LineSpec } from '../../contracts/index.ts';
import { nearest } from '../../model/index.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import type { BusConfig, LineConfig } from '../schema.ts';
import type { CheckedDevice } from './device.ts';
import { repeats } from './findings.ts';

/** A device whose bus is known. */
interface Placed extends CheckedDevice {
  readonly bus: BusConfig;
  readonly path: Path;
}

/** A line as one device has it wired. */
interface Wired {
  readonly device: Placed;
  readonly role: string;
  readonly spec: LineSpec;
  readonly config: LineConfig;
  readonly path: Path;
}

/** Lines of GPIO chips and Firmata boards: all that a driver needs and nothing else, each once, and only what its chip can do. */
export function checkLines(placed: readonly Placed[]): Finding[] {
  const roles = placed.flatMap(roleFindings);
  const wired = placed.flatMap(wiredLines);
  return [...roles, ...wired.flatMap(lineFindings), ...sharedLines(wired)];
}

/** A chip by its label: numbers are given in the order in which the kernel found its chips. */
export function chipFindings(bus: BusConfig, path: Path): Finding[] {
  if (!('chip' in bus) || !/^(\/dev\/)?gpiochip\d+$|^\d+$/.test(bus.chip)) return [];
  return [
    errorAt(
      [...path, 'chip'],
      `chip is ${bus.chip}, a number that another kernel gives to another chip; its label is expected`,
      'Write what gpiodetect shows in brackets: pinctrl-rp1 (Pi 5), pinctrl-bcm2711 (Pi 4), pinctrl-bcm2835 (older).',
    ),
  ];
}

const specsOf = ({ driver, options }: CheckedDevice): Readonly<Record<string, LineSpec>> =>
  driver.lines?.(options) ?? {};

function roleFindings(device: Placed): Finding[] {
  const { config, driver } = device;
  const path = [...device.path, 'lines'];
  const specs = specsOf(device);
  const known = Object.keys(specs);
  const strange = Object.keys(config.lines).filter((role) => !known.includes(role));
  if (strange.length && driver.link !== 'line')
    return [errorAt(path, `${driver.id} has no lines; it is on a ${driver.link} bus`, 'Leave lines out.')];
  const unknown = strange.map((role): Finding => {
    const close = nearest(role, known);
    const remedy = close ? `Did you mean ${close}?` : `It has ${known.join(', ')}.`;
    const at = errorAt([...path, role], `${driver.id} has no line ${role} with these options`, remedy);
    return { ...at, atKey: true };
  });
  const missing = known
    .filter((role) => !Object.hasOwn(config.lines, role))
    .map((role) => {
      const example = device.bus.type === 'firmata' ? boardExample(specs[role]) : 'GPIO17';
      return errorAt(
        path,
        `${role} of ${driver.id} is wired to no line`,
        `Add lines: { ${role}: { line: ${example} } }.`,
      );
    });
  return [...unknown, ...missing];
}

const boardExample = (spec: LineSpec | undefined): string => (spec?.direction === 'analog' ? 'A0' : 'D7');

function wiredLines(device: Placed): Wired[] {
  const specs = specsOf(device);
  return Object.entries(device.config.lines).flatMap(([role, config]) => {
    const spec = specs[role];
    return spec ? [{ device, role, spec, config, path: [...device.path, 'lines', role] }] : [];
  });
}

function lineFindings(wired: Wired): Finding[] {
  const { type } = wired.device.bus;
  if (type === 'firmata') return boardFindings(wired);
  if (type === 'gpio' || type === 'gpio-sysfs') return chipLineFindings(wired, type);
  // On a wire of another kind; that is told.
  return [];
}

function chipLineFindings(wired: Wired, type: 'gpio' | 'gpio-sysfs'): Finding[] {
  const { device, spec, config, path } = wired;
  const { line, bias } = config;
  const label = 'chip' in device.bus ? device.bus.chip : '';
  const findings: Finding[] = [];
  const refuse = (at: string, message: string, remedy: string) =>
    findings.push(errorAt([...path, at], message, remedy));
  if (spec.direction === 'analog')
    refuse('line', 'line is on a GPIO chip, which has no analogue inputs', 'Name a bus of type firmata.');
  const ofSysfs = typeof line === 'number' && label.startsWith('pinctrl-') && line >= LINES_OF_A_PI;
  if (ofSysfs)
    refuse(
      'line',
      `line is ${line}, a number of sysfs; ${label} has not so many lines`,
      'Write the name that gpioinfo shows, such as GPIO17, or the offset on the chip.',
    );
  if (type === 'gpio') return findings;
  if (typeof line === 'string' && !/^GPIO\d+$/.test(line))
    refuse('line', `line is ${line}; sysfs knows no names`, 'Write GPIO and the offset on the chip.');
  if (bias !== 'as-is')
    refuse('bias', `bias is ${bias}; sysfs cannot set it`, 'Use type: gpio, or a resistor on the board.');
  if (isBurst(spec))
    refuse(
      'line',
      `line is on sysfs, which loses bursts of edges: ${device.driver.id} cannot be read there`,
      'Use type: gpio.',
    );
  return findings;
}

/** Chips of the Raspberry Pi have 54 or 58. */
const LINES_OF_A_PI = 64;

/** Lines of which only one edge is wanted carry bursts (Wiegand). */
const isBurst = ({ edges }: LineSpec): boolean => edges === 'falling';

function boardFindings({ device, spec, config, path }: Wired): Finding[] {
  const { line, bias, active_low } = config;
  const findings: Finding[] = [];
  const refuse = (at: string, message: string, remedy: string) =>
    findings.push(errorAt([...path, at], message, remedy));
  const [, row] = /^([DA])\d+$/.exec(String(line)) ?? [];
  if (typeof line === 'string' && row === undefined)
    refuse('line', `line is ${line}; a pin of the board is expected`, 'Write D7 or A0.');
  else if (spec.direction === 'analog' && row !== 'A')
    refuse('line', `line is ${line}; an analogue input is expected`, 'Write A0, A1 …');
  if (bias === 'pull-down' || (bias === 'none' && spec.direction === 'in'))
    refuse('bias', `bias is ${bias}; a Firmata board has pull-ups only`, 'Write as-is or pull-up.');
  if (isBurst(spec))
    refuse('line', `line is on a Firmata board, which loses bursts of edges`, 'Use a bus of type gpio.');
  if (findings.length === 0 && spec.direction === 'out' && active_low && row !== 'A')
    findings.push(
      warningAt(
        [...path, 'active_low'],
        `active_low on ${line} of ${device.bus.id}: when the board starts, its digital pins are low until this gateway has set them, and the output is on`,
        'Wire an active-high relay, or use a pin A0 to A5: these are inputs when the board starts.',
      ),
    );
  return findings;
}

function sharedLines(wired: readonly Wired[]): Finding[] {
  const keyOf = ({ device, config }: Wired) => `${device.bus.id} ${placeOf(device.bus, config.line)}`;
  return repeats(wired, keyOf).map(({ first, again }) =>
    errorAt(
      [...again.path, 'line'],
      `line is ${again.config.line} of ${again.device.bus.id}, and that is ${first.role} of ${first.device.config.id} already`,
      'Name the line it is really wired to; a line has one device.',
    ),
  );
}

/** On the chips of a Raspberry Pi GPIO17 is offset 17, on a board D7 is pin 7. */
function placeOf({ type }: BusConfig, line: string | number): string {
  const [, number] = (type === 'firmata' ? /^D(\d+)$/ : /^GPIO(\d+)$/).exec(String(line)) ?? [];
  return number ?? String(line);
}
