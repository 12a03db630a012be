import { parseProfile } from '../config/index.ts';
import type { DriverLibrary } from '../contracts/index.ts';
import type { CliDeps } from './deps.ts';

/** The drivers there are, with those of the given profile files. */
export const libraryWith = (
  { library, readText }: Pick<CliDeps, 'library' | 'readText'>,
  files: readonly string[],
): Promise<DriverLibrary> => library(files.map((file) => parseProfile(readText(file), file)));
