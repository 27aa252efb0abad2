// Finds programs that npm does not carry, or installs the distribution's package where that is allowed.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { attempt } from './run.mjs';

// Debian puts servers into /usr/sbin, which an ordinary user's PATH leaves out.
const EXTRA_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/usr/local/bin', '/usr/bin', '/opt/homebrew/bin'];
const NAMES = {
  'nats-server': ['nats-server'],
  chromium: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
};

export function findProgram(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...EXTRA_FOLDERS].filter(Boolean);
  for (const folder of folders) {
    for (const name of NAMES[program]) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not in this folder.
      }
    }
  }
  return undefined;
}

/** Installs a program; returns a sentence that says what to do where it could not. */
export function installProgram(program) {
  for (const installer of installers(program)) {
    if (!attempt(installer.probe[0], installer.probe.slice(1))) continue;
    process.stdout.write(`weir: installing ${program} (${installer.say})\n`);
    for (const [command, ...args] of installer.steps)
      attempt(command, args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    if (findProgram(program) !== undefined) return undefined;
  }
  const alternative = program === 'nats-server' ? ', or set NATS_URL to a JetStream server' : '';
  return `${program} is missing and could not be installed from here. Install it (${manual(program)})${alternative}, then start again.`;
}

function installers(program) {
  const apt = (prefix) => [
    [...prefix, 'apt-get', 'update', '-qq'],
    [...prefix, 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', program],
  ];
  const isRoot = process.getuid?.() === 0;
  return [
    ...(isRoot ? [{ probe: ['apt-get', '--version'], steps: apt([]), say: `apt-get install ${program}` }] : []),
    ...(isRoot
      ? []
      : [
          {
            probe: ['sudo', '-n', 'apt-get', '--version'],
            steps: apt(['sudo', '-n']),
            say: `sudo apt-get install ${program}`,
          },
        ]),
    { probe: ['brew', '--version'], steps: [['brew', 'install', program]], say: `brew install ${program}` },
  ];
}

function manual(program) {
  return process.platform === 'darwin' ? `brew install ${program}` : `sudo apt-get install ${program}`;
}
