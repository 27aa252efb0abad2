/** Public data sets that some tests read. They are not part of the project; a test that needs one skips without it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = process.env.WEIR_TEST_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));

/** The path of a data set, or `undefined` where it is not on this machine. */
export function findDataSet(name: string): string | undefined {
  const path = join(FOLDER, name);
  return existsSync(path) ? path : undefined;
}
