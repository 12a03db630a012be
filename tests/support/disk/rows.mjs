// Writes rows one by one and says on stdout which are durable: node diskfault-child.mjs FILE SYNCHRONOUS
import { writeSync } from 'node:fs';
import Database from 'better-sqlite3';

process.on('uncaughtException', (error) => {
  writeSync(1, `begun\n${error.code}\n`);
  process.exit(3);
});

const [file, synchronous] = process.argv.slice(2);
const db = new Database(file);
db.pragma('journal_mode = WAL');
db.pragma(`synchronous = ${synchronous}`);
db.exec('CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, body TEXT)');
writeSync(1, 'begun\n');
const insert = db.prepare('INSERT INTO rows (body) VALUES (?)');
for (let count = 0; count < 3000; count += 1) {
  const { lastInsertRowid } = insert.run('x'.repeat(200));
  writeSync(1, `${lastInsertRowid}\n`);
}
