// A technician with a shell: reads the file and keeps it open until standard input ends: node store-reader.mjs FILE
import Database from 'better-sqlite3';

const db = new Database(process.argv[2]);
db.exec('BEGIN');
db.prepare('SELECT count(*) FROM seg_a').get();
process.stdout.write('reading\n');
process.stdin.resume();
process.stdin.on('end', () => {
  db.prepare('SELECT count(*) FROM seg_c').get();
  db.exec('COMMIT');
  db.close();
});
