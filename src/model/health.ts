/** How bad: `info` worth knowing, `degraded` works with less, `failed` a part does not work. */
export type Severity = 'info' | 'degraded' | 'failed';

export interface FactSpec {
  readonly severity: Severity;
  readonly means: string;
  readonly remedy: string;
}

/** Every health fact that Gatelodge can raise, declared once; shown by `status`, sent on `…/health`. */
export const HEALTH_FACTS = {
  'bus-down': {
    severity: 'failed',
    means: 'The port of this bus cannot be opened or has vanished.',
    remedy: 'Check the cable and the adapter; compare buses[].path with /dev/serial/by-path.',
  },
  'bus-over-budget': {
    severity: 'degraded',
    means: 'The bus cannot serve its devices at the intervals asked for; polls are missed.',
    remedy: 'Raise poll_ms, raise the baud on every unit, or split the bus.',
  },
  'bus-noise': {
    severity: 'degraded',
    means: 'Many frames on this bus have a bad checksum or are out of step.',
    remedy: 'Check termination, A/B polarity, ground and cable routing; look for two units with one address.',
  },
  'device-down': {
    severity: 'failed',
    means: 'The device does not answer, or answers with nothing usable.',
    remedy: 'Check its power, wiring, unit address and baud; see docs of its driver.',
  },
  'device-suspect': {
    severity: 'degraded',
    means: 'The device answers, but with values outside its range.',
    remedy: 'Check that the configured driver is the unit that is really installed.',
  },
  'outputs-unsafe': {
    severity: 'failed',
    means:
      'The run before did not end cleanly, and the outputs of this device could not be brought to their safe state since.',
    remedy: 'Look at the outputs; check power and wiring of the unit. It is tried again until it works.',
  },
  'door-host-timed': {
    severity: 'degraded',
    means:
      'The unlock of this door is ended by this gateway, not by its relay board: it stays unlocked when the gateway dies in the middle of it.',
    remedy: 'Take a relay board that times its pulses itself (gatelodge drivers shows it).',
  },
  'pulse-stuck': {
    severity: 'failed',
    means:
      'A pulse that this gateway times, since the board cannot, was not ended: the output may still be as it was switched.',
    remedy: 'Look at the output now; check power and wiring of the unit. It is tried again until it works.',
  },
  'power-cycle-held': {
    severity: 'info',
    means:
      'The device is silent, and its supply is not cut and given again although it could be: the evidence says why.',
    remedy:
      'Look at what the evidence names; the supply is cut when that has changed and the device is still silent.',
  },
  'power-cycles-spent': {
    severity: 'degraded',
    means: 'Cutting the supply of the device as often as it may be in a day has not brought the device back.',
    remedy:
      'Go and look: fuse, supply voltage at the unit, cable, then the unit itself. A cycle that is known to help more often needs most_per_day of its supply raised.',
  },
  'supply-off': {
    severity: 'failed',
    means: 'The supply of the device was cut, and the relay board has not confirmed that it is on again.',
    remedy:
      'Check power and wiring of the relay board. It is told again until it confirms; a board with its own timer has given the supply by itself.',
  },
  'load-disagrees': {
    severity: 'degraded',
    means: 'Relays of this load do not stand as they were told; they are told again, ever more rarely.',
    remedy: 'Look at the relays that the evidence names: hand switches of the board, its power, its wiring.',
  },
  'register-hole': {
    severity: 'info',
    means: 'The device refuses some addresses of a block; the block is read in pieces from now on.',
    remedy: 'Nothing to do; if a point is missing, its address is not in this model.',
  },
  'outbox-near-quota': {
    severity: 'degraded',
    means: 'The store is nearly full; the oldest records of the lowest class will be dropped soon.',
    remedy: 'Restore the uplink, or raise store.quota_mb if the card has room.',
  },
  'outbox-evicting': {
    severity: 'failed',
    means:
      'The store is full: records are being dropped, oldest of the lowest class first; a gap record tells each range.',
    remedy: 'Restore the uplink, or raise store.quota_mb if the card has room.',
  },
  'outbox-memory-full': {
    severity: 'failed',
    means: 'The disk does not accept records and the memory queue is full: telemetry is being dropped.',
    remedy: 'Check the card: free space, read-only remount, I/O errors in the kernel log.',
  },
  'store-slow': {
    severity: 'degraded',
    means: 'The disk needs more than a second to make records durable.',
    remedy: 'Check the card for wear; replace it with an industrial one.',
  },
  'store-failed': {
    severity: 'failed',
    means: 'The store cannot be written.',
    remedy:
      'Check free space, a read-only remount and I/O errors; the gateway goes on from memory meanwhile.',
  },
  'store-salvaged': {
    severity: 'degraded',
    means: 'The database was damaged; what could be read was kept and a new epoch was begun.',
    remedy: 'Check the card and the power supply; the damaged file is kept beside the store.',
  },
  'snapshots-failing': {
    severity: 'degraded',
    means: 'Pictures of cameras cannot be kept on the disk.',
    remedy: 'Check free space, a read-only remount and I/O errors in the kernel log.',
  },
  'alarm-critical': {
    severity: 'failed',
    means: 'A rule of the site alarms: critical.',
    remedy: 'See what the evidence says, and do what the site has agreed on.',
  },
  'alarm-warning': {
    severity: 'degraded',
    means: 'A rule of the site alarms: warning.',
    remedy: 'See what the evidence says.',
  },
  'alarm-info': {
    severity: 'info',
    means: 'A rule of the site tells something worth knowing.',
    remedy: 'See what the evidence says; there may be nothing to do.',
  },
  'uplink-down': {
    severity: 'degraded',
    means: 'There is no connection to this platform; records are kept and sent later.',
    remedy:
      'Check the network, the url and the credentials of this uplink; the evidence names the last error.',
  },
  'uplink-refused': {
    severity: 'failed',
    means: 'The broker refuses this gateway.',
    remedy: 'Check user, password or certificate and the broker ACL for this gateway.',
  },
  'uplink-unacknowledged': {
    severity: 'degraded',
    means: 'The broker takes our records but the platform does not acknowledge them.',
    remedy: 'Check that the platform receives and that it may publish on …/ack.',
  },
  'uplink-taken-over': {
    severity: 'failed',
    means: 'Two gateways with one identity: another client took over this connection.',
    remedy: 'Give each gateway its own gateway.id; look for a cloned card.',
  },
  'uplink-quarantine': {
    severity: 'degraded',
    means: 'Records were refused for good and set aside.',
    remedy: 'See their reasons in the quarantine list; usually the packet limit of the broker is too small.',
  },
  'clock-unsynced': {
    severity: 'info',
    means: 'Nobody has told this machine the time since it booted; records carry this mark.',
    remedy: 'Check NTP; nothing is lost, times are corrected when the clock is set.',
  },
  'config-refused': {
    severity: 'degraded',
    means: 'A changed site file was refused; the last accepted one runs on.',
    remedy: 'Run check on the file; it names line, cause and remedy.',
  },
  'access-list-ends': {
    severity: 'degraded',
    means:
      'The list of credentials ends within a week: without a newer one by then, most cards open nothing.',
    remedy: 'Restore the uplink to the platform that sends lists, or bring one by hand (access load).',
  },
  'access-list-past': {
    severity: 'failed',
    means: 'The list of credentials is past its end: only groups marked keep still open.',
    remedy: 'Restore the uplink to the platform that sends lists, or bring one by hand (access load).',
  },
  'access-list-refused': {
    severity: 'degraded',
    means: 'A list of credentials was refused; the one before is in force.',
    remedy:
      'The evidence says why. Send the whole list again, signed for this gateway, with a higher version.',
  },
  'access-list-unreadable': {
    severity: 'failed',
    means: 'The list of credentials that was kept could not be read: no card opens until one comes.',
    remedy: 'Check the disk, then send the list again, or bring it by hand (access load).',
  },
  'loop-slow': {
    severity: 'degraded',
    means: 'The event loop was held up.',
    remedy: 'Look at the load of the machine; report it with a support bundle.',
  },
  'loop-stuck': {
    severity: 'failed',
    means: 'A part of the gateway has stopped turning; the supervisor is no longer fed and starts it again.',
    remedy: 'Report it with a support bundle.',
  },
} as const satisfies Record<string, FactSpec>;

export type FactCode = keyof typeof HEALTH_FACTS;

/** One thing that is not as it should be, now. */
export interface HealthFact {
  readonly code: FactCode;
  readonly severity: Severity;
  /** Bus, device, uplink id; '' for the gateway. */
  readonly subject: string;
  readonly since_up: number;
  readonly evidence: string;
  /** Somebody works at it: it is written down, and alarms nobody. */
  readonly maintenance?: true;
}
