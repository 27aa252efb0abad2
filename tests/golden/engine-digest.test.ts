/**
 * The outcomes of a fixed log, as a digest that was written down: a change that alters what the engine answers shows here.
 * Where that is intended, run with WEIR_GOLDEN=write, look at why, and commit the new digest with the change.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createEngine } from '../../processors/engine/engine.ts';
import { engineLog } from '../support/engine-log.ts';

const FILE = new URL('./engine-digest.json', import.meta.url);

it('the engine answers the fixed log as it always did', () => {
  const actual: Record<string, unknown> = {};
  for (const seed of [1, 2, 3]) {
    const engine = createEngine();
    engineLog(400, seed).forEach((frame, i) => {
      engine.step(i + 1, frame);
    });
    const { digest, accepted, duplicates, late, poison, alerts, offers, withdrawn } = engine.stats();
    actual[`seed ${seed}`] = { digest, accepted, duplicates, late, poison, alerts, offers, withdrawn };
  }
  if (process.env.WEIR_GOLDEN === 'write') writeFileSync(FILE, `${JSON.stringify(actual, null, 2)}\n`);
  expect(actual).toEqual(JSON.parse(readFileSync(FILE, 'utf8')));
});
