// Stamps: a file under node_modules/.cache/weir that holds the fingerprint of what a step was last done for.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const SKIPPED = new Set(['node_modules', 'dist', '.git', '.weir']);

/** Fingerprint of files and folders by name, size and time of change; cheap enough for every start. */
export function fingerprint(root, paths) {
  const hash = createHash('sha256');
  const visit = (path) => {
    const found = statSync(join(root, path), { throwIfNoEntry: false });
    if (found === undefined) return;
    if (!found.isDirectory()) {
      hash.update(`${path} ${found.size} ${found.mtimeMs}\n`);
      return;
    }
    for (const name of readdirSync(join(root, path)).sort()) if (!SKIPPED.has(name)) visit(join(path, name));
  };
  for (const path of paths) visit(path);
  return hash.digest('hex');
}

/** Fingerprint of one file's content, for what a checkout touches without changing. */
export function contentFingerprint(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

const stampPath = (root, name) => join(root, 'node_modules', '.cache', 'weir', name);

export function isStamped(root, name, value) {
  try {
    return readFileSync(stampPath(root, name), 'utf8') === value;
  } catch {
    return false;
  }
}

export function stamp(root, name, value) {
  const path = stampPath(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, value);
}
