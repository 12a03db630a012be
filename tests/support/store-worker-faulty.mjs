// The store's worker with a fault, for a module that says which: `die` ends the thread when it is asked for the N-th commit (or other method), `mute` never
// answers from then on. It happens once: the thread that comes after finds the file `happened`, and is a healthy one.
import { existsSync, writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

export async function beFaulty({ fault, at, asked, happened }) {
  const healthy = existsSync(happened);
  let times = 0;
  const spoil = ({ method }) => {
    if (method === asked) times += 1;
    if (healthy || times < at) return;
    writeFileSync(happened, '');
    if (fault === 'die') process.exit(1);
    // As a thread is that waits for its disk: nothing gets through any more.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
  // What the thread is asked passes here first.
  const listen = parentPort.on.bind(parentPort);
  parentPort.on = (name, listener) =>
    listen(name, (questions) => {
      for (const question of questions) {
        spoil(question);
        listener([question]);
      }
    });
  await import('../../dist/src/store/worker.js');
}
