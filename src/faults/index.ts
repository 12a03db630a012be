export { catalogue, type FaultCode, type FaultSpec } from './catalogue.ts';
export { asFault, Fault, isFault, reviveFault } from './fault.ts';
