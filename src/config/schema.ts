import { z } from 'zod';
import { BROKER_URL } from './broker-url.ts';
import { derivedSchema, signSchema } from './derived-schema.ts';
import { calendarSchema, doorsSchema, fireInputsSchema, schedulesSchema } from './door-schema.ts';
import { loadsSchema } from './load-schema.ts';
import { pointRules } from './point-schema.ts';
import { rulesSchema } from './rule-schema.ts';
import { id, ipv4, millis, text, whole } from './schema-words.ts';
import { supplySchema } from './supply-schema.ts';
import { commandsSchema, trustSchema } from './trust-schema.ts';

/** A secret: a reference in the site file, never the thing itself. Resolved apart from the checks, and never printed. */
const secret = (about: string) =>
  z.string().min(1).describe(`${about}. A reference: \${env:NAME} or \${file:PATH}.`);

const baud = z
  .union(
    [1200, 2400, 4800, 9600, 14400, 19200, 38400, 57600, 115200, 128000, 230400].map((rate) =>
      z.literal(rate),
    ),
  )
  .describe('Line speed; every unit on the wire has the same.');
const serial = {
  path: text(
    'Serial port; /dev/serial/by-path/… keeps its name, ttyUSB0 does not. A relative path is below the root folder.',
  ),
  parity: z
    .enum(['none', 'even', 'odd'])
    .default('none')
    .describe('Parity; every unit on the wire has the same.'),
  data_bits: z
    .union([z.literal(7), z.literal(8)])
    .default(8)
    .describe('Data bits of a character.'),
  stop_bits: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe('Stop bits of a character.'),
  rs485: z
    .strictObject({
      rts_on_send: z.boolean().default(true).describe('RTS is high while sending.'),
      delay_before_ms: whole('RTS leads the first bit by so much.', 0, 100).default(0),
      delay_after_ms: whole('RTS stays after the last bit for so long.', 0, 100).default(0),
    })
    .optional()
    .describe(
      'The kernel switches the direction of the RS-485 driver by RTS. Leave it out when the adapter does so by itself.',
    ),
};
const tcp = {
  host: text('Name or address of the unit or serial server.'),
  port: whole('TCP port.', 1, 65_535),
  connect_timeout_ms: millis('Longest wait for a connection.', 100, 60_000).default(5000),
};
const rtu = {
  echo: z
    .enum(['auto', 'drop', 'none'])
    .default('auto')
    .describe('Own bytes heard back: find out by itself, always drop them, or there are none.'),
  turnaround_ms: millis('Silence after a broadcast.', 10, 5000).default(100),
  max_hole: whole('So many unused registers are read along rather than asked around.', 0, 100).default(8),
};
const busId = { id: id('Name of the bus.') };
const chip = text(
  'Label of the chip as gpiodetect shows it (pinctrl-rp1, pinctrl-bcm2711, pinctrl-bcm2835); its number changes with the kernel. sim:PATH is a simulated one.',
);

const busSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      ...busId,
      type: z.literal('modbus-rtu').describe('Modbus RTU on a serial port.'),
      baud,
      ...serial,
      ...rtu,
    }),
    z.strictObject({
      ...busId,
      type: z.literal('modbus-rtu-tcp').describe('Modbus RTU through a serial server: its frames over TCP.'),
      ...tcp,
      baud,
      ...rtu,
    }),
    z.strictObject({
      ...busId,
      type: z.literal('modbus-tcp').describe('Modbus TCP.'),
      ...tcp,
      in_flight: whole(
        'Requests on their way at once; serial servers and many units bear only one.',
        1,
        16,
      ).default(1),
      max_hole: rtu.max_hole,
    }),
    z.strictObject({
      ...busId,
      type: z
        .literal('serial')
        .describe(
          'A device with bytes of its own on a serial port, or several that share it by their addresses (osdp-reader).',
        ),
      baud,
      ...serial,
    }),
    z.strictObject({
      ...busId,
      type: z.literal('serial-tcp').describe('The same through a serial server.'),
      ...tcp,
      baud,
    }),
    z.strictObject({
      ...busId,
      type: z.literal('udp').describe('Devices that are spoken to in datagrams, such as access controllers.'),
      host: text(
        'Where the devices are that have no host of their own: one address, or the broadcast address of their network (192.168.1.255).',
      ).default('255.255.255.255'),
      port: whole('UDP port of the devices.', 1, 65_535),
      bind: ipv4('Own address on the network of the devices; 0.0.0.0: all.').default('0.0.0.0'),
      listen_port: whole(
        'Own UDP port to which devices send what they say unasked; without it they are only asked.',
        1,
        65_535,
      ).optional(),
    }),
    z.strictObject({
      ...busId,
      type: z
        .literal('http')
        .describe('One host that is spoken to in HTTP: a camera, or a recorder with many.'),
      scheme: z
        .enum(['http', 'https'])
        .default('http')
        .describe('https: it proves who it is, always, by its certificate (ca) or by its fingerprint.'),
      host: text(
        'Name or address of the host, and nothing else: user and password have options of their own, a path belongs to the driver.',
      ),
      port: whole('TCP port; default: 80, with https 443.', 1, 65_535).optional(),
      user: text('User on the host; a user of its own, with no more rights than it needs.').optional(),
      password: secret('Its password').optional(),
      auth: z
        .enum(['digest', 'basic'])
        .default('digest')
        .describe(
          'How the password is proven. basic sends it hardly hidden, and only to a host that takes nothing else.',
        ),
      ca: secret('PEM of the authority to trust; default: those of the system').optional(),
      fingerprint: z
        .string()
        .regex(/^([0-9a-fA-F]{2}:){31}[0-9a-fA-F]{2}$|^[0-9a-fA-F]{64}$/, 'SHA-256 in 64 hex digits')
        .describe(
          'SHA-256 of the certificate of the host, which is then taken whoever signed it: for cameras that sign their own. openssl x509 -fingerprint -sha256 shows it.',
        )
        .optional(),
      connect_timeout_ms: tcp.connect_timeout_ms,
    }),
    z.strictObject({
      ...busId,
      type: z.literal('gpio').describe('GPIO lines of this machine, by the character device of the kernel.'),
      chip,
    }),
    z.strictObject({
      ...busId,
      type: z
        .literal('gpio-sysfs')
        .describe('The same by sysfs, for kernels without it: no bias, no times, no bursts.'),
      chip,
    }),
    z.strictObject({
      ...busId,
      type: z
        .literal('firmata')
        .describe('An Arduino that speaks StandardFirmata: digital and analogue lines.'),
      path: serial.path,
      baud: baud.default(57_600),
    }),
  ])
  .describe('A wire and how it is spoken on.');

const lineSchema = z
  .strictObject({
    line: z
      .union([z.string().min(1), z.int().min(0).max(1023)])
      .describe('GPIO17 as gpioinfo shows it, or the offset on its chip; D7 or A0 on a Firmata board.'),
    active_low: z.boolean().default(false).describe('On means that the line is low.'),
    bias: z
      .enum(['as-is', 'pull-up', 'pull-down', 'none'])
      .default('as-is')
      .describe('Resistor within the chip.'),
    debounce_ms: millis(
      'Changes that do not last this long are not heard; default: as its driver says.',
      0,
      1000,
    ).optional(),
  })
  .describe('A line of a chip or board, and how it is wired.');

const deviceSchema = z
  .strictObject({
    id: id('Name of the device for ever; a replaced unit keeps it.'),
    name: text('Name for people.').optional(),
    zone: id('Where it is.').optional(),
    driver: text('Driver or profile id (gatelodge drivers).'),
    bus: id('The bus it hangs on.'),
    unit: whole('Modbus address; default: the factory address of the driver.', 0, 255).optional(),
    host: text('Name or address of a device on a udp bus; default: the host of the bus.').optional(),
    poll_ms: millis('How often it is looked at; default: as its driver says.', 10, 86_400_000).optional(),
    timeout_ms: millis(
      'Longest wait for the first byte of a reply; default: as its driver says.',
      5,
      60_000,
    ).optional(),
    gap_ms: millis('Silence it needs after a reply; default: as its driver says.', 0, 10_000).optional(),
    reply_delay_ms: millis('It is known to answer late by this.', 0, 10_000).default(0),
    simulated: z.boolean().default(false).describe('It is not real: its readings are marked so.'),
    options: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('Options of its driver (gatelodge drivers ID).'),
    lines: z
      .record(z.string(), lineSchema)
      .default({})
      .describe('Of a device on a GPIO chip or Firmata board: its lines, by the names of its driver.'),
    powered_by: id(
      'The supply that feeds it (supplies): when the device is silent for long, the gateway may cut that and give it again.',
    ).optional(),
    locks: z
      .array(whole('A relay, counted from 1.', 1, 64))
      .default([])
      .describe('Of a relay board: relays that feed a lock. No supply ever goes through one of them.'),
    points: pointRules,
  })
  .describe('One unit in the field.');

/** Levels between single slashes, each a word without wildcards, `{site}` or `{gateway}`; topics that begin with $ are the broker's. */
const PREFIX =
  /^(?!\$)(?=(?:.*\/)?\{gateway\}(?:\/|$))(?:\{site\}|\{gateway\}|[^/+#{}]+)(?:\/(?:\{site\}|\{gateway\}|[^/+#{}]+))*$/;

const uplinkSchema = z
  .strictObject({
    id: id('Name of the uplink.'),
    type: z.literal('native').default('native').describe('Dialect spoken to the platform.'),
    url: z
      .string()
      .regex(BROKER_URL, 'mqtt://host[:port] or mqtts://host[:port]')
      .describe('mqtt://host:1883, or mqtts://host:8883 for TLS (always verified).'),
    version: z
      .union([z.literal('auto'), z.literal(5), z.literal(4)])
      .default('auto')
      .describe('MQTT 5, 3.1.1 (4), or the best there is.'),
    username: text('User name at the broker.').optional(),
    password: secret('Password at the broker').optional(),
    ca: secret('PEM of the authority to trust; default: those of the system').optional(),
    cert: secret('PEM of our certificate, for mutual TLS').optional(),
    key: secret('PEM of its key').optional(),
    prefix: z
      .string()
      .regex(PREFIX, 'a topic whose levels are words, {site} and {gateway} ({gateway} once at least)')
      .default('gl/1/{site}/{gateway}')
      .describe('Topic prefix; {site} and {gateway} are filled in.'),
    ack: z
      .enum(['platform', 'broker'])
      .default('platform')
      .describe('Who may settle a record. broker is the weaker promise.'),
    compress: z.boolean().default(true).describe('Batches go as zlib.'),
    maximum_packet: whole(
      'Largest MQTT packet, when the broker says nothing smaller.',
      1024,
      262_144,
    ).default(131_072),
    window: whole('Most messages without PUBACK.', 1, 20).default(20),
    keepalive_s: whole('MQTT keep-alive.', 5, 60).default(15),
    beat_s: whole('How often the beat goes.', 5, 60).default(10),
    commands: z
      .boolean()
      .default(false)
      .describe('This platform may send commands, of issuers that stand under trust.'),
    lists: z
      .boolean()
      .default(false)
      .describe('This platform may send lists of credentials, signed by a key of trust.lists.'),
    privacy: z
      .strictObject({
        image: z
          .enum(['keep', 'drop'])
          .default('drop')
          .describe('Pictures of cameras: keep sends those that it asks for, drop none.'),
      })
      .prefault({})
      .describe('What this platform may have, by class; what is not named is as before.'),
    reconnect_first_s: z
      .number()
      .min(0)
      .max(60)
      .default(20)
      .describe('The first attempt after a loss comes within this, at random.'),
    reconnect_base_s: z
      .number()
      .min(1)
      .max(120)
      .default(15)
      .describe('Further attempts wait at random up to this, doubling.'),
    reconnect_cap_s: z.number().min(1).max(600).default(120).describe('… up to this.'),
  })
  .describe('A platform that gets our records.');

const timeZone = z
  .string()
  .refine((name) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: name });
      return true;
    } catch {
      return false;
    }
  }, 'an IANA time zone such as Asia/Shanghai')
  .describe('IANA time zone of the site.');

/**
 * The site file: one gateway, as its installer wrote it. This schema gives the types, the checks, the JSON Schema for editors, the example
 * and the tables of the documents; each option has its sentence here and nowhere else.
 */
export const siteSchema = z.strictObject({
  version: z.literal(1).describe('Version of this file format.'),
  site: z
    .strictObject({ id: id('Name of the site.'), name: text('Name for people.'), time_zone: timeZone })
    .describe('Where this is.'),
  gateway: z
    .strictObject({
      id: id('Name of this gateway, unique over all sites; default: made at the first start.').optional(),
      state_dir: text('Folder of the store and of what names this gateway.').default('/var/lib/gatelodge'),
    })
    .prefault({})
    .describe('This gateway.'),
  store: z
    .strictObject({
      quota_mb: z.number().min(1).max(1_000_000).default(512).describe('Largest size of the store.'),
      retain_hours: z
        .number()
        .min(0)
        .max(8760)
        .default(72)
        .describe('Acknowledged records are kept so long.'),
      audit_days: whole('Audit records are kept so long here, whoever has them.', 1, 3650).default(365),
      audit_mb: z
        .number()
        .min(1)
        .max(10_000)
        .default(32)
        .describe('… and so much of them at most, within the size of the store.'),
      commit_ms: millis('Telemetry becomes durable within this.', 50, 1000).default(1000),
    })
    .prefault({})
    .describe('The store on the card.'),
  snapshots: z
    .strictObject({
      quota_mb: z
        .number()
        .min(1)
        .max(1_000_000)
        .default(64)
        .describe('Pictures of cameras take so much of the card at most; the oldest make room for new ones.'),
    })
    .prefault({})
    .describe('Pictures that cameras were told to take, kept beside the store.'),
  control: z
    .strictObject({
      socket: text('Unix socket of the command line and the console.').default('/run/gatelodge/control.sock'),
    })
    .prefault({})
    .describe('Local control.'),
  profiles: z
    .array(text('YAML file of a register-map profile, relative to this file.'))
    .default([])
    .describe('Devices described by the site itself.'),
  buses: z.array(busSchema).describe('The wires.'),
  devices: z.array(deviceSchema).describe('The units in the field.'),
  supplies: z
    .array(supplySchema)
    .default([])
    .describe('Supplies that the gateway may cut and give again when a unit is silent.'),
  derived: z.array(derivedSchema).default([]).describe('Values made of those of the devices.'),
  signs: z.array(signSchema).default([]).describe('Count signs that show how many bays are free.'),
  doors: doorsSchema,
  fire_inputs: fireInputsSchema,
  schedules: schedulesSchema,
  calendar: calendarSchema,
  rules: rulesSchema,
  loads: loadsSchema,
  trust: trustSchema,
  commands: commandsSchema,
  uplinks: z.array(uplinkSchema).default([]).describe('The platforms; none: everything is only kept.'),
});

export type SiteConfig = z.infer<typeof siteSchema>;
export type BusConfig = z.infer<typeof busSchema>;
export type DeviceConfig = z.infer<typeof deviceSchema>;
export type UplinkConfig = z.infer<typeof uplinkSchema>;
export type LineConfig = z.infer<typeof lineSchema>;
