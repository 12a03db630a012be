// The server of node-modbus as a process of its own: `tcp` prints its port, `rtu PATH BAUD` prints `ready`. Every line that comes in is
// answered with what its tables hold, as JSON of hex.
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { server } from 'node-modbus';
import { SerialPort } from 'serialport';

const [how, path, baud] = process.argv.slice(2);
const tables = {
  coils: Buffer.alloc(32),
  discrete: Buffer.alloc(32),
  holding: Buffer.alloc(512),
  input: Buffer.alloc(512),
};
for (let at = 0; at < 256; at += 1) {
  tables.holding.writeUInt16BE(1000 + at, 2 * at);
  tables.input.writeUInt16BE(2000 + at, 2 * at);
}
for (let at = 0; at < 32; at += 1) {
  tables.coils[at] = 0b1010_0101;
  tables.discrete[at] = 0b0110_0011;
}

if (how === 'tcp') {
  const net = createServer();
  new server.TCP(net, tables);
  net.listen(0, '127.0.0.1', () => console.log(net.address().port));
} else {
  const port = new SerialPort({ path, baudRate: Number(baud) }, () => console.log('ready'));
  new server.RTU(port, tables);
}
createInterface(process.stdin)
  .on('line', () => {
    console.log(
      JSON.stringify({ coils: tables.coils.toString('hex'), holding: tables.holding.toString('hex') }),
    );
  })
  .on('close', () => process.exit(0));
