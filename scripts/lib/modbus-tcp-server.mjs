// The leanest Modbus TCP unit there can be: every read of registers is answered from one block, in a process of its own,
// so that a client is measured and not the server. Prints its port.
import { createServer } from 'node:net';

const server = createServer({ noDelay: true }, (socket) => {
  let held = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    held = held.length ? Buffer.concat([held, chunk]) : chunk;
    const replies = [];
    while (held.length >= 12) {
      const count = held.readUInt16BE(10);
      const reply = Buffer.alloc(9 + 2 * count);
      held.copy(reply, 0, 0, 2);
      reply.writeUInt16BE(3 + 2 * count, 4);
      reply[6] = held[6];
      reply[7] = held[7];
      reply[8] = 2 * count;
      for (let index = 0; index < count; index += 1) reply.writeUInt16BE(7 * index, 9 + 2 * index);
      replies.push(reply);
      held = held.subarray(12);
    }
    if (replies.length) socket.write(replies.length === 1 ? replies[0] : Buffer.concat(replies));
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.stdin.on('end', () => process.exit(0)).resume();
