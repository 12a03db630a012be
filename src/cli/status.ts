import type { StatusView } from '../control/index.ts';
import { HEALTH_FACTS } from '../model/index.ts';
import { type Command, command } from './args.ts';
import type { CliDeps } from './deps.ts';
import { doorCountsText, maintenanceText } from './doors-text.ts';
import * as flags from './flags.ts';
import { loadCountsText } from './loads-text.ts';
import { json, span, table } from './output.ts';

/** `status`: as the control API shows it. */
export const statusCommand = (deps: Pick<CliDeps, 'control' | 'out'>): Command =>
  command({
    does: 'How the running gateway is: clock, buses, store, uplinks, and what is not as it should be.',
    examples: ['status'],
    words: [],
    flags: { ...flags.socket, ...flags.json },
    run: async ({ flags: { socket, json: wanted } }) => {
      const status = await deps.control(socket).status();
      deps.out(wanted ? json(status) : statusText(status));
      return 0;
    },
  });

function statusText(status: StatusView): string {
  const { outbox } = status;
  const rows: string[][] = [
    ['gateway', `${status.gateway} (${status.site.name})`],
    ['version', status.version],
    ['running', span(status.up - status.started_up)],
    ['clock', `${new Date(status.clock.unix_ms).toISOString()} ${status.clock.state}`],
    ...(status.doors.total > 0 ? [['doors', doorCountsText(status.doors)]] : []),
    ...(status.loads.total > 0 ? [['loads', loadCountsText(status.loads)]] : []),
    ['devices', `${status.devices.online} of ${status.devices.total} online`],
    ...Object.entries(status.buses).map(([id, bus]) => [
      `bus ${id}`,
      `${bus.state}, ${Math.round(bus.use * 100)} % in use, ${bus.exchanges} exchanges, ${bus.timeouts} timeouts, ${bus.bad_checksum} damaged`,
    ]),
    ...status.maintenance.map((one) => [
      'maintenance',
      `${one.kind} ${one.subject}: ${maintenanceText(one, status.up)}`,
    ]),
    [
      'outbox',
      `${outbox.kept.a + outbox.kept.b + outbox.kept.c} records kept, ${Math.round(outbox.file_bytes / 1024)} kB of ${Math.round(outbox.quota_bytes / 1024 / 1024)} MB`,
    ],
    ...status.uplinks.map((uplink) => {
      const waiting = outbox.waiting[String(uplink.id)] ?? { a: 0, b: 0, c: 0 };
      return [
        `uplink ${uplink.id}`,
        `${uplink.connected ? 'connected' : `down (${uplink.last_fault ?? 'connecting'})`}, ${waiting.a + waiting.b + waiting.c} records wait`,
      ];
    }),
  ];
  const facts = status.health.map(({ code, severity, subject, evidence, maintenance }) => {
    const muted = maintenance ? ' (in maintenance)' : '';
    const said = `${severity.padEnd(8)} ${code}${subject ? ` ${subject}` : ''}${muted}: ${evidence}`;
    // A daemon of another version may know facts that this program does not.
    return Object.hasOwn(HEALTH_FACTS, code) ? `${said}\n         ${HEALTH_FACTS[code].remedy}` : said;
  });
  return `${table(rows)}\n${facts.length ? `\n${facts.join('\n')}\n` : ''}`;
}
