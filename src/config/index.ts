export type { BusBudget } from './budget.ts';
export type { CheckedDevice } from './checks.ts';
export { jsonSchema, type Library, type Loaded, loadSite, parseYaml } from './load.ts';
export type { Problem } from './problems.ts';
export type { BusConfig, DeviceConfig, PointConfig, SiteConfig, UplinkConfig } from './schema.ts';
export { resolveText, Secret, type SecretSources } from './secrets.ts';
