import type { DeviceStatus, StatusView, Watched } from '../control/index.ts';
import { HEALTH_FACTS } from '../model/index.ts';
import { span, table } from './output.ts';

/** The running gateway in a few lines. */
export function statusText(status: StatusView): string {
  const { outbox } = status;
  const rows: string[][] = [
    ['gateway', `${status.gateway} (${status.site.name})`],
    ['version', status.version],
    ['running', span(status.up - status.started_up)],
    ['clock', `${new Date(status.clock.unix_ms).toISOString()} ${status.clock.state}`],
    ['devices', `${status.devices.online} of ${status.devices.total} online`],
    ...Object.entries(status.buses).map(([id, bus]) => [
      `bus ${id}`,
      `${bus.state}, ${Math.round(bus.use * 100)} % in use, ${bus.exchanges} exchanges, ${bus.timeouts} timeouts, ${bus.bad_checksum} damaged`,
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
  const facts = status.health.map(({ code, severity, subject, evidence }) =>
    [
      `${severity.padEnd(8)} ${code}${subject ? ` ${subject}` : ''}: ${evidence}`,
      `         ${HEALTH_FACTS[code].remedy}`,
    ].join('\n'),
  );
  return `${table(rows)}\n${facts.length ? `\n${facts.join('\n')}\n` : ''}`;
}

export function devicesText(devices: readonly DeviceStatus[], up: number): string {
  const rows = devices.map(({ id, driver, bus, unit, status, cause, since_up, last }) => [
    id,
    driver,
    unit === undefined ? bus : `${bus}/${unit}`,
    cause && status !== 'online' ? `${status} (${cause})` : status,
    span(up - since_up),
    last
      .slice(0, 4)
      .map(({ point, value }) => `${point}=${value ?? '–'}`)
      .join(' '),
  ]);
  return `${table([['device', 'driver', 'bus/unit', 'status', 'since', 'last'], ...rows])}\n`;
}

/** One line of `watch`. */
export function watchLine(line: Watched): string {
  switch (line.type) {
    case 'reading': {
      const { device, point, value, quality } = line.reading;
      return `${device}  ${point}  ${value ?? 'no value'}${quality === 'good' ? '' : `  ${quality}`}`;
    }
    case 'event':
      return `${line.event.subject || 'gateway'}  ${line.event.name}  ${JSON.stringify(line.event.fields)}`;
    case 'health':
      return `health  ${line.facts.map(({ code, subject }) => `${code} ${subject}`.trim()).join(', ') || 'all well'}`;
    case 'dropped':
      return `… ${line.count} lines were left out`;
  }
}
