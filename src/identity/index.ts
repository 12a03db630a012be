export { type Identity, machineId, openIdentity } from './gateway-id.ts';
