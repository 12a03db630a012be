export { CommandInbox, type InboxWorld } from './inbox.ts';
export { Rates } from './rate.ts';
