// Brings a store to the schema of some later version, as that version would: node store-migrate.mjs FILE
const dist = new URL('../../dist/src/store/', import.meta.url);
const { openDatabase } = await import(new URL('database.js', dist).href);
const { migrate, MIGRATIONS } = await import(new URL('schema.js', dist).href);

const [file] = process.argv.slice(2);
const db = openDatabase({ file, synchronous: 'FULL', log_pages: 40, auto: true });
migrate(db, file, [
  ...MIGRATIONS,
  'CREATE TABLE later AS SELECT id, n, body FROM seg_c; UPDATE seg_a SET at = at + 1000000;',
]);
db.close();
