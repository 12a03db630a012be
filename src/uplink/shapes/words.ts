import { z } from 'zod';

/**
 * What the messages of the contract are put together from. Objects are open: within a major version there are additions, and who reads ignores what
 * it does not know.
 */
export const v = z.literal(1).describe('Major version of the contract.');
export const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/);
export const gateway = z
  .string()
  .regex(/^[^/+#]{1,80}$/)
  .describe('Id of the gateway.');
export const pointId = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/);
export const epoch = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .describe('Random 64-bit id of the database the records are in.');
export const lane = z
  .enum(['a', 'b', 'c'])
  .describe('Class of the records: a alarms and events, b changes of state, c telemetry.');
export const seq = z.int().min(1);
export const range = z.tuple([seq, seq]).describe('From and to, inclusive.');
export const json = z.record(z.string(), z.unknown());
/** One of these today; what a later version adds reads as unknown (of a clock: as `unsynced`). */
export const known = <const T extends readonly [string, ...string[]]>(...values: T) =>
  z.union([z.enum(values), z.string()]);
export const clock = known('unsynced', 'corrected', 'synced', 'holdover').describe(
  'How far a wall time can be trusted.',
);
export const boot = z.string().min(1).describe('Id of the boot.');
export const up = z.number().describe('Milliseconds since boot.');
export const connectId = z
  .int()
  .min(0)
  .describe('Grows with every attempt to connect; of two statuses the higher one is right.');
export const count = z.int().min(0);
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Values that the examples of several messages share. */
export const EXAMPLE = {
  gateway: 'riverside-1',
  epoch: '5f1c0a9be2d34417',
  boot: '0a6d3c52-1b7e-4b0e-9f0f-6a1d4c1c2b11',
  nonce: '8d1f5b0c6e2a49d7b3c4f10a2e6d9b58',
  /** Signed with the key of RFC 8037, appendix A. */
  jws: [
    'eyJhbGciOiJFZERTQSIsImtpZCI6ImRlc2stMjAyNiIsInR5cCI6ImdsLWNtZCJ9',
    'eyJ2IjoxLCJpZCI6IjAxOTI2YjBhLTVlM2MtN2ExMC04YzU1LTBkN2EzYzFmOWU0MiIsImdhdGV3YXkiOiJyaXZlcnNpZGUtMSIsInRhcmdldCI6ImdhdGUiLCJuYW1lIjoib3BlbiIsImFyZ3MiOnt9LCJpc3N1ZXIiOiJndWFyZC1kZXNrIiwiaXNzdWVkX2F0IjoxNzY3MjI1NjAwMDAwLCJ0dGxfbXMiOjEwMDAwLCJiZWF0IjoiOGQxZjViMGM2ZTJhNDlkN2IzYzRmMTBhMmU2ZDliNTgifQ',
    'eTVaTh9gl0qD7ntBiv1uyZTosz25Lb82pKiBWEParFynUKQleimf8H-0vadWpuTYy8Xkk3ishRVhoTJzlimBBg',
  ].join('.'),
  /** A page of a list, signed with the same key. */
  page: [
    'eyJhbGciOiJFZERTQSIsImtpZCI6InBsYXRmb3JtLTIwMjYiLCJ0eXAiOiJnbC1saXN0In0',
    'eyJ2IjoxLCJnYXRld2F5Ijoicml2ZXJzaWRlLTEiLCJ2ZXJzaW9uIjo3LCJwYWdlIjowLCJwYWdlcyI6MSwiaGFzaCI6IjhiODk4NGU2MmFkNjg1Y2NlMWY4NDY2OTM4NTQ5YTEzMWIxOTYzZDRiMDlhNDdjYWE5MGZiYmM3YWE3NzNkZWMiLCJyZXZva2VkIjpbXSwiY29udGVudCI6IntcImdyb3Vwc1wiOlt7XCJpZFwiOlwicmVzaWRlbnRzXCIsXCJyaWdodHNcIjpbe1wiZG9vclwiOlwiZ2F0ZVwifV19XSxcImNyZWRlbnRpYWxzXCI6W3tcImlkXCI6XCJjLTFcIixcIndob1wiOlwicC0xXCIsXCJjYXJkXCI6XCJ3aWVnYW5kLTI2OjExODoxNjAzXCIsXCJncm91cHNcIjpbXCJyZXNpZGVudHNcIl19XX0ifQ',
    'zZwbbacOGNw8rZekdWF8mng1HViIgBb_zzwkRF7x5JwI6545mlxc5bRZUZ3NY-WqqXpRQDHQ9Zq6QkLao13PCw',
  ].join('.'),
  command: '01926b0a-5e3c-7a10-8c55-0d7a3c1f9e42',
} as const;
