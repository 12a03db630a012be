export { openFolder } from './folder.ts';
export { type KeeperWorld, openKeeper } from './keeper.ts';
