import type { AccessStateMessage } from '../uplink/shapes/index.ts';
import type { Heard } from '../uplink/topics.ts';

/** A message stands on the topic of the gateway it names, or it is not believed. */
export function ofItsOwn<T extends { readonly gateway: string }>(heard: Heard, message: T): T {
  if (message.gateway !== heard.gateway)
    throw new Error(`a message of ${message.gateway} on the topic of ${heard.gateway}`);
  return message;
}

/** As it is shown: nothing of the message around it. */
export function accessOf({ version, count, standing, offline_until, pending, refused }: AccessStateMessage) {
  return {
    ...{ version, count, standing },
    ...(offline_until !== undefined && { offline_until }),
    ...(pending && { pending }),
    ...(refused && { refused: JSON.parse(JSON.stringify(refused)) }),
  };
}
