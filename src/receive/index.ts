export type { Batch } from './batch.ts';
export { openReceiver, type ReceiverWorld } from './receiver.ts';
export { type Received, readLog } from './records.ts';
