/**
 * Where the program nats-server is. Debian puts it into /usr/sbin, which an ordinary user's PATH leaves out; folders of
 * PATH that this user may not enter are passed over.
 */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { WeirError } from '../../core/errors.ts';

const EXTRA_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/usr/local/bin', '/usr/bin', '/opt/homebrew/bin'];

/** Throws a `WeirError` `part.missing` where there is none. */
export async function findNatsServer(searchPath: string = process.env.PATH ?? ''): Promise<string> {
  for (const folder of [...searchPath.split(delimiter), ...EXTRA_FOLDERS]) {
    if (folder === '') continue;
    const path = join(folder, 'nats-server');
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  throw new WeirError(
    'part.missing',
    'nats-server is neither on PATH nor in the usual folders; install it, or set NATS_URL',
  );
}
