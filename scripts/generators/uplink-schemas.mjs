// One JSON Schema (2020-12) for each message of the contract, with its examples.
import { MESSAGES, publishedSchema } from '../../dist/src/uplink/shapes/index.js';

export default Object.keys(MESSAGES).map((name) => ({
  file: `src/uplink/schemas/${name}.schema.json`,
  make: () => `${JSON.stringify(publishedSchema(name), null, 2)}\n`,
}));
