import type { AnyDriver, AnySimulator, DriverLibrary } from '#kit';
import { anyDriver, anySimulator, Fault, type JsonObject, nearest } from '#kit';
import { decodeWith, describeDriver, encodeWith } from './inspect.ts';

interface Row {
  readonly driver: () => Promise<AnyDriver>;
  readonly simulator: () => Promise<AnySimulator>;
  /** Names of single models, with the options that make the driver speak as they do. */
  readonly models?: Readonly<Record<string, JsonObject>>;
}

/** Every driver, by id. One line to add: nothing is found by looking into folders. */
const DRIVERS: Readonly<Record<string, Row>> = {
  a02yyuw: {
    driver: async () => anyDriver((await import('./a02yyuw/driver.ts')).default),
    simulator: async () => anySimulator((await import('./a02yyuw/simulator.ts')).default),
    models: {
      a01nyub: { model: 'a01nyub' },
      sen0754: { model: 'sen0754' },
      'jsn-sr04t-mode2': { model: 'jsn-sr04t' },
      'jsn-sr04t-mode3': { model: 'jsn-sr04t', trigger: true },
      'aj-sr04m': { model: 'aj-sr04m', trigger: true },
    },
  },
  'analog-input': {
    driver: async () => anyDriver((await import('./analog-input/driver.ts')).default),
    simulator: async () => anySimulator((await import('./analog-input/simulator.ts')).default),
    models: {
      'sharp-gp2y0a21yk0f': { sensor: 'sharp-gp2y0a21yk0f' },
      'sharp-gp2y0a02yk0f': { sensor: 'sharp-gp2y0a02yk0f' },
    },
  },
  'armfly-led-485': {
    driver: async () => anyDriver((await import('./armfly-led-485/driver.ts')).default),
    simulator: async () => anySimulator((await import('./armfly-led-485/simulator.ts')).default),
  },
  'bay-register': {
    driver: async () => anyDriver((await import('./bay-register/driver.ts')).default),
    simulator: async () => anySimulator((await import('./bay-register/simulator.ts')).default),
  },
  'bg-ws100': {
    driver: async () => anyDriver((await import('./bg-ws100/driver.ts')).default),
    simulator: async () => anySimulator((await import('./bg-ws100/simulator.ts')).default),
  },
  'carlo-gavazzi-em340': {
    driver: async () => anyDriver((await import('./carlo-gavazzi-em340/driver.ts')).default),
    simulator: async () => anySimulator((await import('./carlo-gavazzi-em340/simulator.ts')).default),
  },
  'chint-ddsu666': {
    driver: async () => anyDriver((await import('./chint-ddsu666/driver.ts')).default),
    simulator: async () => anySimulator((await import('./chint-ddsu666/simulator.ts')).default),
  },
  'chint-dtsu666': {
    driver: async () => anyDriver((await import('./chint-dtsu666/driver.ts')).default),
    simulator: async () => anySimulator((await import('./chint-dtsu666/simulator.ts')).default),
  },
  'coil-relay': {
    driver: async () => anyDriver((await import('./coil-relay/driver.ts')).default),
    simulator: async () => anySimulator((await import('./coil-relay/simulator.ts')).default),
  },
  'corx-cx-5104e': {
    driver: async () => anyDriver((await import('./corx-cx-5104e/driver.ts')).default),
    simulator: async () => anySimulator((await import('./corx-cx-5104e/simulator.ts')).default),
  },
  'dahua-cgi': {
    driver: async () => anyDriver((await import('./dahua-cgi/driver.ts')).default),
    simulator: async () => anySimulator((await import('./dahua-cgi/simulator.ts')).default),
  },
  'dfrobot-sen0492': {
    driver: async () => anyDriver((await import('./dfrobot-sen0492/driver.ts')).default),
    simulator: async () => anySimulator((await import('./dfrobot-sen0492/simulator.ts')).default),
  },
  'dfrobot-urm-modbus': {
    driver: async () => anyDriver((await import('./dfrobot-urm-modbus/driver.ts')).default),
    simulator: async () => anySimulator((await import('./dfrobot-urm-modbus/simulator.ts')).default),
  },
  'dfrobot-urm-uart': {
    driver: async () => anyDriver((await import('./dfrobot-urm-uart/driver.ts')).default),
    simulator: async () => anySimulator((await import('./dfrobot-urm-uart/simulator.ts')).default),
  },
  'dfrobot-wind': {
    driver: async () => anyDriver((await import('./dfrobot-wind/driver.ts')).default),
    simulator: async () => anySimulator((await import('./dfrobot-wind/simulator.ts')).default),
  },
  'dyp-modbus-ultrasonic': {
    driver: async () => anyDriver((await import('./dyp-modbus-ultrasonic/driver.ts')).default),
    simulator: async () => anySimulator((await import('./dyp-modbus-ultrasonic/simulator.ts')).default),
  },
  'eastron-sdm': {
    driver: async () => anyDriver((await import('./eastron-sdm/driver.ts')).default),
    simulator: async () => anySimulator((await import('./eastron-sdm/simulator.ts')).default),
    models: { sdm120: { model: 'sdm120' }, sdm230: { model: 'sdm230' }, sdm630: { model: 'sdm630' } },
  },
  'eletechsup-r421a08': {
    driver: async () => anyDriver((await import('./eletechsup-r421a08/driver.ts')).default),
    simulator: async () => anySimulator((await import('./eletechsup-r421a08/simulator.ts')).default),
  },
  'eletechsup-ryn4': {
    driver: async () => anyDriver((await import('./eletechsup-ryn4/driver.ts')).default),
    simulator: async () => anySimulator((await import('./eletechsup-ryn4/simulator.ts')).default),
    models: { 'eletechsup-ryn404e': { channels: 4 }, 'eletechsup-ryn408f': {} },
  },
  'gm65-qr-scanner': {
    driver: async () => anyDriver((await import('./gm65-qr-scanner/driver.ts')).default),
    simulator: async () => anySimulator((await import('./gm65-qr-scanner/simulator.ts')).default),
  },
  'gpio-contact': {
    driver: async () => anyDriver((await import('./gpio-contact/driver.ts')).default),
    simulator: async () => anySimulator((await import('./gpio-contact/simulator.ts')).default),
  },
  'gpio-relay': {
    driver: async () => anyDriver((await import('./gpio-relay/driver.ts')).default),
    simulator: async () => anySimulator((await import('./gpio-relay/simulator.ts')).default),
  },
  'hikvision-isapi': {
    driver: async () => anyDriver((await import('./hikvision-isapi/driver.ts')).default),
    simulator: async () => anySimulator((await import('./hikvision-isapi/simulator.ts')).default),
  },
  'honeywell-hpma115': {
    driver: async () => anyDriver((await import('./honeywell-hpma115/driver.ts')).default),
    simulator: async () => anySimulator((await import('./honeywell-hpma115/simulator.ts')).default),
    models: { 'honeywell-hpma115c0': { model: 'c0' } },
  },
  'http-snapshot': {
    driver: async () => anyDriver((await import('./http-snapshot/driver.ts')).default),
    simulator: async () => anySimulator((await import('./http-snapshot/simulator.ts')).default),
  },
  'lc-tech-relay': {
    driver: async () => anyDriver((await import('./lc-tech-relay/driver.ts')).default),
    simulator: async () => anySimulator((await import('./lc-tech-relay/simulator.ts')).default),
  },
  'lcus-usb-relay': {
    driver: async () => anyDriver((await import('./lcus-usb-relay/driver.ts')).default),
    simulator: async () => anySimulator((await import('./lcus-usb-relay/simulator.ts')).default),
    models: {
      'lcus-1': { channels: 1 },
      'lcus-2': { channels: 2 },
      'lcus-4': { channels: 4 },
      'lcus-8': { channels: 8 },
    },
  },
  'line-scanner': {
    driver: async () => anyDriver((await import('./line-scanner/driver.ts')).default),
    simulator: async () => anySimulator((await import('./line-scanner/simulator.ts')).default),
  },
  'louver-box': {
    driver: async () => anyDriver((await import('./louver-box/driver.ts')).default),
    simulator: async () => anySimulator((await import('./louver-box/simulator.ts')).default),
  },
  'maxbotix-hrxl': {
    driver: async () => anyDriver((await import('./maxbotix-hrxl/driver.ts')).default),
    simulator: async () => anySimulator((await import('./maxbotix-hrxl/simulator.ts')).default),
  },
  'noise-rs485': {
    driver: async () => anyDriver((await import('./noise-rs485/driver.ts')).default),
    simulator: async () => anySimulator((await import('./noise-rs485/simulator.ts')).default),
  },
  'nova-sds011': {
    driver: async () => anyDriver((await import('./nova-sds011/driver.ts')).default),
    simulator: async () => anySimulator((await import('./nova-sds011/simulator.ts')).default),
    models: { 'nova-sds198': { model: 'sds198' } },
  },
  'onvif-camera': {
    driver: async () => anyDriver((await import('./onvif-camera/driver.ts')).default),
    simulator: async () => anySimulator((await import('./onvif-camera/simulator.ts')).default),
  },
  'orno-we-514': {
    driver: async () => anyDriver((await import('./orno-we-514/driver.ts')).default),
    simulator: async () => anySimulator((await import('./orno-we-514/simulator.ts')).default),
  },
  'orno-we-516': {
    driver: async () => anyDriver((await import('./orno-we-516/driver.ts')).default),
    simulator: async () => anySimulator((await import('./orno-we-516/simulator.ts')).default),
  },
  'osdp-reader': {
    driver: async () => anyDriver((await import('./osdp-reader/driver.ts')).default),
    simulator: async () => anySimulator((await import('./osdp-reader/simulator.ts')).default),
  },
  'panasonic-sn-gcja5': {
    driver: async () => anyDriver((await import('./panasonic-sn-gcja5/driver.ts')).default),
    simulator: async () => anySimulator((await import('./panasonic-sn-gcja5/simulator.ts')).default),
  },
  'peacefair-pzem': {
    driver: async () => anyDriver((await import('./peacefair-pzem/driver.ts')).default),
    simulator: async () => anySimulator((await import('./peacefair-pzem/simulator.ts')).default),
  },
  'plantower-pms': {
    driver: async () => anyDriver((await import('./plantower-pms/driver.ts')).default),
    simulator: async () => anySimulator((await import('./plantower-pms/simulator.ts')).default),
    models: {
      'plantower-pms3003': {},
      'plantower-pms5003s': { variant: '5003s' },
      'plantower-pms5003t': { variant: '5003t' },
      'plantower-pms5003st': { variant: '5003st' },
    },
  },
  'qdy30a-level': {
    driver: async () => anyDriver((await import('./qdy30a-level/driver.ts')).default),
    simulator: async () => anySimulator((await import('./qdy30a-level/simulator.ts')).default),
  },
  rdm6300: {
    driver: async () => anyDriver((await import('./rdm6300/driver.ts')).default),
    simulator: async () => anySimulator((await import('./rdm6300/simulator.ts')).default),
  },
  'register-map': {
    driver: async () => anyDriver((await import('./register-map/driver.ts')).default),
    simulator: async () => anySimulator((await import('./register-map/simulator.ts')).default),
  },
  'senseair-s8': {
    driver: async () => anyDriver((await import('./senseair-s8/driver.ts')).default),
    simulator: async () => anySimulator((await import('./senseair-s8/simulator.ts')).default),
  },
  'sensirion-scd30': {
    driver: async () => anyDriver((await import('./sensirion-scd30/driver.ts')).default),
    simulator: async () => anySimulator((await import('./sensirion-scd30/simulator.ts')).default),
  },
  'sensirion-sps30': {
    driver: async () => anyDriver((await import('./sensirion-sps30/driver.ts')).default),
    simulator: async () => anySimulator((await import('./sensirion-sps30/simulator.ts')).default),
  },
  'soil-rs485': {
    driver: async () => anyDriver((await import('./soil-rs485/driver.ts')).default),
    simulator: async () => anySimulator((await import('./soil-rs485/simulator.ts')).default),
  },
  'stm8-relay': {
    driver: async () => anyDriver((await import('./stm8-relay/driver.ts')).default),
    simulator: async () => anySimulator((await import('./stm8-relay/simulator.ts')).default),
  },
  'sunpn-parking-count-sign': {
    driver: async () => anyDriver((await import('./sunpn-parking-count-sign/driver.ts')).default),
    simulator: async () => anySimulator((await import('./sunpn-parking-count-sign/simulator.ts')).default),
  },
  'tera-nextpm': {
    driver: async () => anyDriver((await import('./tera-nextpm/driver.ts')).default),
    simulator: async () => anySimulator((await import('./tera-nextpm/simulator.ts')).default),
  },
  uhppote: {
    driver: async () => anyDriver((await import('./uhppote/driver.ts')).default),
    simulator: async () => anySimulator((await import('./uhppote/simulator.ts')).default),
  },
  'waveshare-relay': {
    driver: async () => anyDriver((await import('./waveshare-relay/driver.ts')).default),
    simulator: async () => anySimulator((await import('./waveshare-relay/simulator.ts')).default),
    models: { 'modbus-tcp-relay': { framing: 'tcp' } },
  },
  'weather-station-500': {
    driver: async () => anyDriver((await import('./weather-station-500/driver.ts')).default),
    simulator: async () => anySimulator((await import('./weather-station-500/simulator.ts')).default),
  },
  'wellpro-wp8025': {
    driver: async () => anyDriver((await import('./wellpro-wp8025/driver.ts')).default),
    simulator: async () => anySimulator((await import('./wellpro-wp8025/simulator.ts')).default),
  },
  'wiegand-reader': {
    driver: async () => anyDriver((await import('./wiegand-reader/driver.ts')).default),
    simulator: async () => anySimulator((await import('./wiegand-reader/simulator.ts')).default),
    models: {
      'wiegand-26': { card: '26-bit' },
      'wiegand-34': { card: '34-bit' },
      'wiegand-37': { card: '37-bit' },
      'wiegand-keypad-4bit': { keypad: '4-bit' },
      'wiegand-keypad-8bit': { keypad: '8-bit' },
    },
  },
  'winsen-mh-z19': {
    driver: async () => anyDriver((await import('./winsen-mh-z19/driver.ts')).default),
    simulator: async () => anySimulator((await import('./winsen-mh-z19/simulator.ts')).default),
  },
  'winsen-ze': {
    driver: async () => anyDriver((await import('./winsen-ze/driver.ts')).default),
    simulator: async () => anySimulator((await import('./winsen-ze/simulator.ts')).default),
    models: {
      'winsen-ze03': { model: 'ze03-co' },
      ...Object.fromEntries(
        ['ze07-co', 'ze07-ch2o', 'ze08-ch2o', 'ze25-o3', 'ze27-o3'].map((model) => [
          `winsen-${model}`,
          { model },
        ]),
      ),
      ...Object.fromEntries(
        ['co', 'o2', 'nh3', 'h2s', 'h2', 'so2', 'no2', 'o3', 'hcl', 'hcn', 'cl2', 'hf', 'ph3'].map((gas) => [
          `winsen-ze03-${gas}`,
          { model: `ze03-${gas}` },
        ]),
      ),
    },
  },
  'winsen-zh03b': {
    driver: async () => anyDriver((await import('./winsen-zh03b/driver.ts')).default),
    simulator: async () => anySimulator((await import('./winsen-zh03b/simulator.ts')).default),
  },
  'winsen-zphs01b': {
    driver: async () => anyDriver((await import('./winsen-zphs01b/driver.ts')).default),
    simulator: async () => anySimulator((await import('./winsen-zphs01b/simulator.ts')).default),
  },
  'xy-md02': {
    driver: async () => anyDriver((await import('./xy-md02/driver.ts')).default),
    simulator: async () => anySimulator((await import('./xy-md02/simulator.ts')).default),
  },
};

/**
 * The library: the drivers above and a site's own profiles (plain data, as parsed from its files). A profile that does not hold, or
 * a name that stands there twice, is driver.bad-definition.
 */
export async function openLibrary(profiles: readonly unknown[] = []): Promise<DriverLibrary> {
  const rows: Readonly<Record<string, Row>> = { ...DRIVERS, ...(await profileRows(profiles)) };
  const ids = Object.keys(rows).sort();
  const models = new Map(
    Object.entries(rows).flatMap(([id, row]) =>
      Object.entries(row.models ?? {}).map(([name, preset]) => [name, { id, preset }]),
    ),
  );
  let aliases: ReadonlyMap<string, string> | undefined;

  /** Ids and models are known at once; other names are the drivers' own to tell, so they are all loaded for one. */
  const find = async (name: string): Promise<{ row: Row; preset: JsonObject }> => {
    const model = models.get(name);
    const known = rows[model?.id ?? name];
    if (known) return { row: known, preset: model?.preset ?? {} };
    aliases ??= await aliasesOf(rows, [...ids, ...models.keys()]);
    const row = rows[aliases.get(name) ?? ''];
    if (row) return { row, preset: {} };
    const close = nearest(name, [...ids, ...models.keys(), ...aliases.keys()]);
    throw new Fault('driver.unknown', { id: name, nearest: close ?? ids.join(', ') });
  };
  const load = async (name: string): Promise<AnyDriver> => {
    const { row, preset } = await find(name);
    const driver = await row.driver();
    return Object.keys(preset).length ? withPreset(driver, preset) : driver;
  };
  return {
    ids,
    models: (id) => rows[id]?.models ?? {},
    load,
    simulator: async (name) => (await find(name)).row.simulator(),
    describe: async (name, set) => {
      const { row, preset } = await find(name);
      return describeDriver(await row.driver(), preset, set);
    },
    decode: async (name, hex, look) => decodeWith(await load(name), hex, look),
    encode: async (name, command, args, look) => encodeWith(await load(name), { command, args }, look),
  };
}

async function profileRows(profiles: readonly unknown[]): Promise<Record<string, Row>> {
  const rows: Record<string, Row> = {};
  if (profiles.length === 0) return rows;
  const { checkProfile } = await import('./register-map/profile.ts');
  for (const data of profiles) {
    const checked = checkProfile(data);
    const id = 'profile' in checked ? checked.profile.id : nameOf(data);
    if (!('profile' in checked))
      throw new Fault('driver.bad-definition', { id, text: checked.problems.join('; ') });
    if (id in DRIVERS || id in rows)
      throw new Fault('driver.bad-definition', { id, text: 'another driver has this id' });
    const { profile } = checked;
    rows[id] = {
      driver: async () => (await import('./register-map/driver.ts')).driverFromProfile(profile),
      simulator: async () => (await import('./register-map/simulator.ts')).simulatorFromProfile(profile),
    };
  }
  return rows;
}

/** What a refused profile calls itself. */
const nameOf = (data: unknown): string =>
  typeof data === 'object' && data !== null && 'id' in data ? String(data.id) : 'profile without id';

async function aliasesOf(
  rows: Readonly<Record<string, Row>>,
  taken: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const [id, row] of Object.entries(rows)) {
    for (const alias of (await row.driver()).aliases) {
      if (found.has(alias) || taken.includes(alias)) {
        throw new Fault('driver.bad-definition', {
          id,
          text: `alias ${alias} is another driver's name already`,
        });
      }
      found.set(alias, id);
    }
  }
  return found;
}

/** The driver with other defaults. */
const withPreset = (driver: AnyDriver, preset: JsonObject): AnyDriver => ({
  ...driver,
  options: {
    parse: (input) => driver.options.parse({ ...preset, ...objectOf(input) }),
    safeParse: (input) => driver.options.safeParse({ ...preset, ...objectOf(input) }),
  },
});

const objectOf = (input: unknown): object => (typeof input === 'object' && input !== null ? input : {});
