// The cheapest platform there can be, for benchmarks: acknowledges what each batch covers, at most twice a second, and looks at nothing else.
//   node drain-receiver.mjs URL VERSION      prints "ready" when it is subscribed
import { constants, inflateRawSync } from 'node:zlib';
import { connect } from 'mqtt';

const client = connect(process.argv[2], {
  protocolVersion: Number(process.argv[3]),
  ...(process.argv[3] === '5' && { properties: { receiveMaximum: 1000, maximumPacketSize: 4 << 20 } }),
});
const owed = new Map();
let due = false;

client.on('connect', () =>
  client.subscribe(
    ['a', 'b', 'c'].map((lane) => `gl/1/+/+/${lane}`),
    { qos: 1 },
    () => process.stdout.write('ready\n'),
  ),
);
client.on('message', (topic, payload) => {
  const { epoch, covers } = headOf(payload);
  const ranges = owed.get(topic) ?? [];
  owed.set(topic, ranges);
  const last = ranges.at(-1);
  if (last && last.epoch === epoch && last.range[1] + 1 === covers[0]) last.range[1] = covers[1];
  else ranges.push({ epoch, range: covers });
  if (due) return;
  due = true;
  say();
  setTimeout(() => {
    due = false;
    say();
  }, 500);
});

function say() {
  for (const [topic, ranges] of owed) {
    owed.delete(topic);
    for (const epoch of new Set(ranges.map((one) => one.epoch))) {
      const ack = {
        v: 1,
        epoch,
        lane: topic.at(-1),
        ranges: ranges.filter((one) => one.epoch === epoch).map(({ range }) => range),
        nacks: [],
      };
      client.publish(topic.replace(/.$/, 'ack'), JSON.stringify(ack), { qos: 1 });
    }
  }
}

/** What stands before the parts, without unpacking them; a short head is not even deflated. */
function headOf(payload) {
  const plain = payload.toString('latin1', 0, 512);
  const text = /"covers":\[\d+,\d+\]/.test(plain) ? plain : inflated(payload);
  return {
    epoch: /"epoch":"(\w+)"/.exec(text)[1],
    covers: JSON.parse(/"covers":(\[\d+,\d+\])/.exec(text)[1]),
  };
}

const inflated = (payload) =>
  inflateRawSync(payload.subarray(2, 1024), {
    finishFlush: constants.Z_SYNC_FLUSH,
    chunkSize: 4096,
  }).toString('latin1');
