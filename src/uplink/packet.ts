/** Size of a PUBLISH packet in bytes. The empty properties of MQTT 5 (one byte) are counted for 3.1.1 too: never too small. */
export function publishBytes(topic: string, payload: number, qos: 0 | 1): number {
  const remaining = variableHeader(topic, qos) + payload;
  return 1 + lengthBytes(remaining) + remaining;
}

/** The largest payload that keeps a QoS 1 PUBLISH on this topic within `limit`. Negative: none does. */
export const payloadRoom = (topic: string, limit: number): number =>
  limit - 1 - lengthBytes(limit) - variableHeader(topic, 1);

/** Topic with its length, packet id, length of properties. */
const variableHeader = (topic: string, qos: 0 | 1): number =>
  2 + Buffer.byteLength(topic) + (qos ? 2 : 0) + 1;

function lengthBytes(remaining: number): number {
  if (remaining < 128) return 1;
  if (remaining < 16_384) return 2;
  return remaining < 2_097_152 ? 3 : 4;
}
