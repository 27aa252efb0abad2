// Installs the npm packages of the lock file, once for each version of it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';
import { contentFingerprint, isStamped, stamp } from './stamp.mjs';

export function installPackages(root) {
  const wanted = `${contentFingerprint(join(root, 'package-lock.json'))} ${process.version} ${process.platform}-${process.arch}`;
  if (existsSync(join(root, 'node_modules', 'typescript')) && isStamped(root, 'packages', wanted)) return;
  // Development packages build the rest, so they are needed whatever NODE_ENV says.
  run(
    'installing the npm packages of package-lock.json',
    npm(),
    ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: root,
      shell: process.platform === 'win32',
    },
  );
  stamp(root, 'packages', wanted);
}

function npm() {
  return process.platform === 'win32' ? 'npm.cmd' : 'npm';
}
