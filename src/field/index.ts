export { openField } from './open.ts';
