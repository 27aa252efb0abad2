/** What the checkpoints in `tests/golden` are made of. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** The parts of a compressed file, each of which stands behind its length. */
export function goldenParts(file: URL): Uint8Array[] {
  const bytes = gunzipSync(readFileSync(file));
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    parts.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return parts;
}
