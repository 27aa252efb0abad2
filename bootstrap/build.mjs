// Builds what is stale: the back end with the TypeScript compiler, the dashboard with Vite.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';
import { fingerprint, isStamped, stamp } from './stamp.mjs';

const BACKEND = ['core', 'stream', 'storage', 'ingest', 'rules', 'processors', 'api', 'loadtest', 'cli'];
const CONFIGURATION = ['tsconfig.json', 'package-lock.json', 'bootstrap'];

export function buildBackend(root) {
  buildWhenStale(root, 'backend', [...BACKEND, ...CONFIGURATION], join('dist', 'cli', 'main.js'), () => {
    run(
      'compiling',
      process.execPath,
      [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json'],
      { cwd: root },
    );
    run('copying the rule catalog', process.execPath, [join(root, 'bootstrap', 'copy-catalog.mjs')], { cwd: root });
  });
}

export function buildDashboard(root) {
  const inputs = ['dashboards', 'api/live/messages.ts', 'api/schemas', ...CONFIGURATION];
  buildWhenStale(root, 'dashboard', inputs, join('dashboards', 'dist', 'index.html'), () => {
    const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
    run(
      'building the dashboard',
      process.execPath,
      [vite, 'build', '--config', join('dashboards', 'vite.config.ts'), '--logLevel', 'warn'],
      { cwd: root },
    );
  });
}

function buildWhenStale(root, name, inputs, product, build) {
  const wanted = fingerprint(root, inputs);
  if (existsSync(join(root, product)) && isStamped(root, name, wanted)) return;
  build();
  stamp(root, name, wanted);
}
