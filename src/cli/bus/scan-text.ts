import type { FoundStream, FoundUnit, OddHearing, ScanReport } from '../../contracts/index.ts';
import { span, table } from '../output.ts';
import { speedText } from './settings.ts';

/** A wire as it was found, for people: who is there, what does not fit, what was heard besides, and what was tried. */
export function scanText(report: ScanReport): string {
  return [
    unitsText(report),
    ...report.streams.map(streamText),
    ...report.heard.map(oddText),
    ...section(
      'What does not fit',
      report.advice.map(({ text, remedy }) => `${text}\n    ${remedy}`),
    ),
    ...section('Not tried', report.not_tried),
    triedText(report),
  ].join('\n');
}

function unitsText({ found, streams }: ScanReport): string {
  if (found.length === 0) return streams.length > 0 ? 'No Modbus unit was asked.' : 'Nobody answered.';
  const rows = found.map((unit) => [
    String(unit.unit),
    speedText(unit.setting),
    unit.answers === 'damaged' ? 'damaged' : `${unit.answer_ms} ms`,
    looksText(unit),
    unit.device ?? '',
  ]);
  const evidence = found.flatMap(({ unit, looks_like: [first], says, shared }) => [
    ...(first && !shared ? [`${unit}: ${first.evidence.join('; ')}`] : []),
    ...(says ? [`${unit} says of itself: ${Object.values(says).join(', ')}`] : []),
  ]);
  const head = ['unit', 'speed', 'answers', 'looks like', 'in the site file'];
  return [table([head, ...rows]), ...section('Why', evidence)].join('\n');
}

function looksText({ shared, looks_like, answers, any_address }: FoundUnit): string {
  if (shared) return 'more than one unit';
  if (answers === 'damaged') return 'somebody, who is not understood';
  const names = looks_like.map(({ driver, certainty }) => `${driver} (${certainty})`).join(', ');
  return `${names || 'nothing that is known'}${any_address ? ', at any address' : ''}`;
}

function streamText({ setting, driver, frames, values }: FoundStream): string {
  const said = Object.entries(values)
    .map(([name, value]) => `${name} ${value ?? 'none'}`)
    .join(', ');
  return `Somebody speaks unasked at ${speedText(setting)}: like ${driver}, ${frames} frames (${said}).`;
}

function oddText({ what, setting, bytes, units }: OddHearing): string {
  const at = speedText(setting);
  if (what === 'master') return `Another master asks units ${units.join(', ')} at ${at}.`;
  if (what === 'damaged')
    return `Damaged answers at ${at} (${bytes} bytes, asked for ${units.join(', ')}): noise, another speed or parity, or two at once.`;
  return `${bytes} bytes at ${at} that nobody asked for and that are no frames: noise (bias and ends of the wire), or another speed.`;
}

function triedText({ tried, asked, ms }: ScanReport): string {
  const speeds = [
    ...new Set(tried.filter(({ how }) => how !== 'listened').map(({ setting }) => speedText(setting))),
  ];
  const swept = [
    ...new Set(tried.filter(({ how }) => how === 'swept').map(({ setting }) => speedText(setting))),
  ];
  const where = speeds.length > 0 ? ` at ${speeds.join(', ')}` : '';
  const all = swept.length > 0 ? `; address by address at ${swept.join(', ')}` : '';
  return `${asked} questions in ${span(ms)}${where}${all}.`;
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length > 0 ? ['', `${title}:`, ...lines.map((line) => `  ${line}`), ''] : [];
