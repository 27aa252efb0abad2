/** A minute of kills, pauses, cut connections, a full disk and a slow store on the real parts: nothing is lost, nothing counts twice. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/loadtest/main.js', import.meta.url));
const KILLS_MIN = 8;

it('survives a minute of faults', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-faults-'));
  try {
    const file = join(folder, 'result.json');
    await promisify(execFile)(process.execPath, [MAIN, 'faults', '--minutes', '1', '--seed', '7', '--json', file]);
    const result = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    expect(result).toMatchObject({ lost: 0, duplicated: 0, digestEqual: true });
    expect(result.kills).toBeGreaterThanOrEqual(KILLS_MIN);
    expect(result.acknowledged).toBeGreaterThan(1_000);
    expect(result.offersShown).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
