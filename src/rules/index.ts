export { CountSign, type SignCount, type SignRules } from './count-sign.ts';
