/** `npm run bench -- <what> [--json FILE]`: measures in a process that is started as a processor is. */
import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROCESSOR_NODE_FLAGS } from '../../core/node-flags.ts';

const here = fileURLToPath(import.meta.url);
const commands = fileURLToPath(new URL(`./bench-commands${extname(here)}`, import.meta.url));
const child = fork(commands, process.argv.slice(2), { execArgv: [...process.execArgv, ...PROCESSOR_NODE_FLAGS] });
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
