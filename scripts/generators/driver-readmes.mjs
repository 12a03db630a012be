import { readFileSync } from 'node:fs';
import { openLibrary } from '../../dist/drivers/index.js';
import { refreshReadme } from '../lib/driver-readme.mjs';

const library = await openLibrary();

export default library.ids.map((id) => {
  const file = `drivers/${id}/README.md`;
  return {
    file,
    make: async () => refreshReadme(readFileSync(file, 'utf8'), await library.load(id), library.models(id)),
  };
});
