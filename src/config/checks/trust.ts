import { SNAPSHOTS } from '../../model/index.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import type { SiteConfig } from '../schema.ts';
import type { KeyConfig } from '../trust-schema.ts';
import { repeats, unknownName } from './findings.ts';

/** Whether everybody who may command is known, and only once, and commands what is there. */
export function checkTrust(site: SiteConfig): readonly Finding[] {
  const keys = keysOf(site);
  return [
    ...repeats(keys, ({ key }) => key.kid).map(({ again }) =>
      errorAt(
        [...again.path, 'kid'],
        `the kid ${again.key.kid} is taken already`,
        'Each key has its own; a signature names only this.',
      ),
    ),
    ...keys.flatMap(({ key, path }) => spanFinding(key, path)),
    ...repeats(
      site.trust.issuers.map(({ name }, index) => ({ name, index })),
      ({ name }) => name,
    ).map(({ again }) =>
      errorAt(
        ['trust', 'issuers', again.index, 'name'],
        `the issuer ${again.name} stands here already`,
        'Give it a second key instead.',
      ),
    ),
    ...targets(site),
    ...unsigned(site),
    ...mute(site),
    ...listless(site),
  ];
}

interface Placed {
  readonly key: KeyConfig;
  readonly path: Path;
}

const keysOf = ({ trust }: SiteConfig): readonly Placed[] => [
  ...(['roots', 'lists'] as const).flatMap((role) =>
    trust[role].map((key, index): Placed => ({ key, path: ['trust', role, index] })),
  ),
  ...trust.issuers.flatMap(({ keys }, at) =>
    keys.map((key, index): Placed => ({ key, path: ['trust', 'issuers', at, 'keys', index] })),
  ),
];

const spanFinding = ({ from, until, kid }: KeyConfig, path: Path): Finding[] =>
  from !== undefined && until !== undefined && until <= from
    ? [
        errorAt(
          [...path, 'until'],
          `the key ${kid} ends on ${until} and begins on ${from}`,
          'Swap the dates.',
        ),
      ]
    : [];

function targets({ trust, devices, derived, doors, loads, buses }: SiteConfig): Finding[] {
  // Derived devices and buses can be put into maintenance.
  const known = [
    ...[...devices, ...derived, ...doors, ...loads].map(({ id }) => id),
    ...buses.map(({ id }) => `bus:${id}`),
    SNAPSHOTS,
  ];
  return trust.issuers.flatMap(({ may }, at) =>
    may.flatMap(({ targets: named }, index) =>
      named.flatMap((target, place) =>
        target === '*' || known.includes(target)
          ? []
          : [
              unknownName(
                ['trust', 'issuers', at, 'may', index, 'targets', place],
                target,
                'device, door or load',
                known,
              ),
            ],
      ),
    ),
  );
}

/** Whoever can publish at the broker moves it: never a lock. */
function unsigned({ commands, devices, doors, loads }: SiteConfig): Finding[] {
  return commands.unsigned.flatMap((id, index) => {
    const path = ['commands', 'unsigned', index];
    if (doors.some((door) => door.id === id))
      return [
        errorAt(path, `${id} is a door`, 'Doors are moved by signed commands only; take it off this list.'),
      ];
    if (loads.some((load) => load.id === id)) return [];
    const device = devices.find((one) => one.id === id);
    if (!device)
      return [
        unknownName(
          path,
          id,
          'device or load',
          [...devices, ...loads].map((one) => one.id),
        ),
      ];
    if (device.locks.length === 0) return [];
    return [
      errorAt(path, `${id} feeds a lock`, 'Locks are moved by signed commands only; take it off this list.'),
    ];
  });
}

function mute({ uplinks, trust, commands }: SiteConfig): Finding[] {
  if (trust.issuers.length + commands.unsigned.length > 0) return [];
  return uplinks.flatMap((uplink, index) =>
    uplink.commands
      ? [
          warningAt(
            ['uplinks', index, 'commands'],
            `${uplink.id} may send commands, but nobody may give any`,
            'Name who may under trust.issuers.',
          ),
        ]
      : [],
  );
}

function listless({ uplinks, trust }: SiteConfig): Finding[] {
  if (trust.lists.length > 0) return [];
  return uplinks.flatMap((uplink, index) =>
    uplink.lists
      ? [
          warningAt(
            ['uplinks', index, 'lists'],
            `${uplink.id} may send lists of credentials, but no key may sign one`,
            'Name the key of the platform under trust.lists.',
          ),
        ]
      : [],
  );
}
