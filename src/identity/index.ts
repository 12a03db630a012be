export { type Identity, machineId, openIdentity } from './gateway-id.ts';
export { signing } from './signing.ts';
export { openTrust } from './trust.ts';
