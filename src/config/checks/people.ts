import type { DoorConfig } from '../door-schema.ts';
import type { PeopleConfig } from '../people-schema.ts';
import { errorAt, type Finding, type Path, warningAt } from '../problems.ts';
import { repeats, unknownName } from './findings.ts';

export interface PeopleAround {
  readonly now_ms: number;
  /** `whole`: everything is in it. `changes`: what is not in it stays as it is. */
  readonly kind: 'whole' | 'changes';
  /** Of the site file; undefined: nobody knows which doors there are. */
  readonly doors: readonly DoorConfig[] | undefined;
}

/** More a gateway does not take. */
const MOST = 100_000;

/** Whether a gateway would take the list, and whether it says what was meant. */
export function checkPeople(people: PeopleConfig, around: PeopleAround): readonly Finding[] {
  return [
    ...['groups' as const, 'schedules' as const, 'credentials' as const].flatMap((list) =>
      twice(people, list),
    ),
    ...(people.credentials.length > MOST
      ? [errorAt(['credentials', MOST], `there are more than ${MOST} credentials`, 'Make the list shorter.')]
      : []),
    ...numbers(people),
    ...people.credentials.flatMap((one, index) => credential(one, ['credentials', index])),
    ...(around.kind === 'whole' ? known(people) : []),
    ...(around.kind === 'whole' && people.removed
      ? [
          errorAt(
            ['removed'],
            'removed is for changes; in a whole list nothing is left of the one before',
            'Leave it out, or sign the file as changes (--delta-from).',
          ),
        ]
      : []),
    ...ends(people, around),
    ...(around.doors ? doors(people, around.doors) : []),
    ...revokedToo(people),
  ];
}

function twice(people: PeopleConfig, list: 'groups' | 'schedules' | 'credentials'): Finding[] {
  const things = people[list].map(({ id }, index) => ({ id, index }));
  return repeats(things, ({ id }) => id).map(({ again }) =>
    errorAt(
      [list, again.index, 'id'],
      `the id ${again.id} is taken already`,
      'Give each its own; ids are never reused.',
    ),
  );
}

/** A number or a PIN that stands alone says who comes. Neither is shown: a PIN is a key. */
function numbers({ credentials }: PeopleConfig): Finding[] {
  const things = credentials.map((one, index) => ({ ...one, index }));
  const cards = repeats(things, ({ card }) => card).map(({ first, again }) =>
    errorAt(
      ['credentials', again.index, 'card'],
      `the card of ${again.id} is that of ${first.id} too`,
      'One card is one credential; give it all groups it needs.',
    ),
  );
  const pins = repeats(things, ({ card, pin }) => (card === undefined ? pin : undefined)).map(
    ({ first, again }) =>
      errorAt(
        ['credentials', again.index, 'pin'],
        `the PIN of ${again.id} is that of ${first.id} too, and stands alone`,
        'Choose another: it says who comes.',
      ),
  );
  return [...cards, ...pins];
}

function credential(
  { id, card, pin, from, until }: PeopleConfig['credentials'][number],
  path: Path,
): Finding[] {
  const findings: Finding[] = [];
  if (card === undefined && pin === undefined)
    findings.push(errorAt(path, `${id} has neither card nor pin`, 'Add one; nothing else opens a door.'));
  if (from !== undefined && until !== undefined && Date.parse(until) <= Date.parse(from))
    findings.push(errorAt([...path, 'until'], `until is ${until}, not after from`, 'Swap the times.'));
  return findings;
}

function known({ groups, schedules, credentials }: PeopleConfig): Finding[] {
  const times = schedules.map(({ id }) => id);
  const named = groups.map(({ id }) => id);
  return [
    ...groups.flatMap(({ schedule }, index) =>
      schedule === undefined || times.includes(schedule)
        ? []
        : [unknownName(['groups', index, 'schedule'], schedule, 'schedule', times)],
    ),
    ...credentials.flatMap((one, index) =>
      one.groups.flatMap((group, place) =>
        named.includes(group)
          ? []
          : [unknownName(['credentials', index, 'groups', place], group, 'group', named)],
      ),
    ),
  ];
}

function ends({ offline_until }: PeopleConfig, { now_ms }: PeopleAround): Finding[] {
  if (offline_until === undefined || Date.parse(offline_until) > now_ms) return [];
  return [
    errorAt(
      ['offline_until'],
      `offline_until is ${offline_until}, which is over: every gateway would refuse the list`,
      'Choose a later time.',
    ),
  ];
}

/** A door that is none opens nothing, and nobody is told. */
function doors({ groups }: PeopleConfig, site: readonly DoorConfig[]): Finding[] {
  const ids = site.map(({ id }) => id);
  return groups.flatMap(({ doors: rights }, index) =>
    rights.flatMap((right, place) => {
      const path = ['groups', index, 'doors', place];
      const { door: id, side = undefined, floors = [] } = typeof right === 'string' ? { door: right } : right;
      const at = typeof right === 'string' ? path : [...path, 'door'];
      const door = site.find((one) => one.id === id);
      if (!door) return [unknownName(at, id, 'door', ids)];
      if (door.type !== 'lift')
        return floors.length > 0
          ? [errorAt([...path, 'floors'], `${id} is no lift and has no floors`, 'Leave floors out.')]
          : [];
      if (side === 'out')
        return [errorAt([...path, 'side'], `${id} is a lift: one only goes in`, 'Leave side out.')];
      const there = Object.keys(door.floors);
      return floors.flatMap((floor, nr) =>
        there.includes(floor) ? [] : [unknownName([...path, 'floors', nr], floor, 'floor', there)],
      );
    }),
  );
}

function revokedToo({ revoked, credentials }: PeopleConfig): Finding[] {
  const listed = new Set(credentials.map(({ id }) => id));
  return revoked.flatMap((id, index) =>
    listed.has(id)
      ? [
          warningAt(
            ['revoked', index],
            `${id} is a credential and revoked: it opens nothing`,
            'Leave out one of both.',
          ),
        ]
      : [],
  );
}
