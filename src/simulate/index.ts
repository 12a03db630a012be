export type { FaultControl, Kind, Mischief } from './mischief.ts';
export { openPty, type Pty } from './pty.ts';
export {
  openSimulatedSite,
  type Said,
  type SimulatedSite,
  type SimulateSettings,
  type SiteLike,
} from './site.ts';
export { type ListenTcp, listenTcp } from './tcp.ts';
export type { ListenUdp } from './udp.ts';
