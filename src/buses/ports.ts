import { connect } from 'node:net';
import type { PortOpener } from '../contracts/index.ts';
import { openKernelChip } from './gpio/chip.ts';
import { linuxKernel } from './gpio/kernel.ts';
import { openSocketChip } from './gpio/socket-chip.ts';
import { openSysfsChip } from './gpio/sysfs-chip.ts';
import { openSerialPort } from './serial-port.ts';
import { openTcpPort } from './tcp-port.ts';
import { openTlsPort } from './tls-port.ts';
import { openUdpPort, routeTo } from './udp-port.ts';

/** A chip of this label stands at the far end of a unix socket: `simulate` opens it. */
const SIMULATED = 'sim:';

/** The ports of this machine. */
export const openPorts = (): PortOpener => ({
  serial: openSerialPort,
  tcp: (host, port, timeout_ms, signal) => openTcpPort({ host, port, timeout_ms, signal }),
  tls: openTlsPort,
  udp: openUdpPort,
  routeTo,
  chip: (label) =>
    label.startsWith(SIMULATED)
      ? openSocketChip(label, connect(label.slice(SIMULATED.length)))
      : openKernelChip(linuxKernel(), label),
  legacyChip: openSysfsChip,
});
