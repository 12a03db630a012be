export { type FieldTools, type SiteUnit, scan } from './scan.ts';
export { settingText } from './settings.ts';
