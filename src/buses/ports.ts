import type { PortOpener } from '../contracts/index.ts';
import { openSerialPort } from './serial-port.ts';
import { openTcpPort } from './tcp-port.ts';

/** The ports of this machine. */
export const openPorts = (): PortOpener => ({
  serial: openSerialPort,
  tcp: (host, port, timeout_ms, signal) => openTcpPort({ host, port, timeout_ms, signal }),
});
