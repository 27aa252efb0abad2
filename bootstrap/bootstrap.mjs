// Makes a fresh clone runnable: npm packages from the lock file, nats-server, a build of what changed and, for tests,
// Chromium. It runs before everything else and therefore uses nothing but Node.js itself. What is in place already is
// recognised by stamps and costs a few milliseconds.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildBackend, buildDashboard } from './build.mjs';
import { installPackages } from './npm-packages.mjs';
import { findProgram, installProgram } from './programs.mjs';

const NODE_MAJOR_MIN = 20;
const root = fileURLToPath(new URL('..', import.meta.url));
const purpose = process.argv[2] ?? 'start';

const missing = [];

const nodeMajor = Number(process.versions.node.split('.')[0]);
if (nodeMajor < NODE_MAJOR_MIN) {
  fail([`Node.js ${NODE_MAJOR_MIN} or newer is needed; this is ${process.versions.node}.`]);
}

installPackages(root);

if (!process.env.NATS_URL && findProgram('nats-server') === undefined) {
  const problem = installProgram('nats-server');
  if (problem !== undefined) missing.push(problem);
}
if (purpose === 'test' && findProgram('chromium') === undefined) {
  const problem = installProgram('chromium');
  if (problem !== undefined) missing.push(problem);
}
if (missing.length > 0) fail(missing);

buildBackend(root);
if (existsSync(new URL('../dashboards/index.html', import.meta.url))) buildDashboard(root);

/** One message with everything that is missing, so that nobody has to start three times to learn three things. */
function fail(problems) {
  process.stderr.write(`\nWeir cannot ${purpose} yet:\n${problems.map((line) => `  - ${line}`).join('\n')}\n\n`);
  process.exit(1);
}
