import { type Credential, type CredentialList, EMPTY_LIST, tokens } from '../../src/access/index.ts';

/** A key of a test gateway; nothing real is behind it. */
export const KEY = new Uint8Array(32).fill(7);
export const TOKENS = tokens(KEY);

/** A resident whose card number is the name. */
export const person = (name: string, given: Partial<Credential> = {}): Credential => ({
  id: `c-${name}`,
  who: `p-${name}`,
  token: TOKENS.card(name),
  groups: ['residents'],
  visitor: false,
  extended: false,
  override: false,
  revoked: false,
  ...given,
});

const gate = (door: string) => ({ door });

/** Residents always, cleaners by day, guards whatever happens. */
export const listOf = (
  credentials: readonly Credential[],
  given: Partial<CredentialList> = {},
): CredentialList => ({
  ...EMPTY_LIST,
  version: 1,
  groups: [
    { id: 'residents', rights: [gate('gate'), gate('lobby')], keep: false, without_clock: false },
    { id: 'cleaners', rights: [gate('lobby')], schedule: 'day', keep: false, without_clock: false },
    { id: 'guards', rights: [gate('gate')], keep: true, without_clock: true },
    {
      id: 'tower',
      rights: [{ door: 'lift', floors: ['f1', 'f2'] }],
      keep: false,
      without_clock: false,
    },
    {
      id: 'roof',
      rights: [{ door: 'lift', floors: ['f9'] }],
      schedule: 'day',
      keep: false,
      without_clock: false,
    },
    { id: 'leavers', rights: [{ door: 'gate', side: 'out' }], keep: false, without_clock: false },
  ],
  schedules: [
    { id: 'day', spans: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from_min: 480, to_min: 1080 }] },
  ],
  credentials,
  ...given,
});
