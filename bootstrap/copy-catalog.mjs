// The compiler leaves JSON documents behind; the rule catalog travels beside the compiled code.
import { cpSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../rules/catalog', import.meta.url));
const target = fileURLToPath(new URL('../dist/rules/catalog', import.meta.url));
cpSync(source, target, { recursive: true, filter: (path) => path.endsWith('.json') || statSync(path).isDirectory() });
