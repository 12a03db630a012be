/** What a load can be told, and for how long at most. */
export const LOAD_COMMANDS = ['on', 'off', 'auto'] as const;
export type LoadCommand = (typeof LOAD_COMMANDS)[number];
export const LOAD_FOR_S = 604_800;
