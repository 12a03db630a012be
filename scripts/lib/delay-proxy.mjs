// A TCP line of some length, for benchmarks: every byte arrives so many milliseconds after it was sent, in either direction; nothing else is slowed.
//   node delay-proxy.mjs PORT MS      listens on a free loopback port before PORT and prints it
import { connect, createServer } from 'node:net';

const target = Number(process.argv[2]);
const delay_ms = Number(process.argv[3]);

const server = createServer((near) => {
  const far = connect(target, '127.0.0.1');
  for (const socket of [near, far]) socket.setNoDelay(true).on('error', () => {});
  lay(near, far);
  lay(far, near);
}).listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));

function lay(from, to) {
  const under_way = [];
  const deliver = () => {
    const now = performance.now();
    while (under_way[0]?.due <= now) to.write(under_way.shift().bytes);
    if (under_way.length) setTimeout(deliver, Math.max(1, under_way[0].due - now));
  };
  from.on('data', (bytes) => {
    under_way.push({ due: performance.now() + delay_ms, bytes });
    if (under_way.length === 1) setTimeout(deliver, delay_ms);
  });
  from.on('close', () => setTimeout(() => to.destroy(), delay_ms + 5));
}
