export { CommandInbox, type InboxWorld } from './inbox.ts';
