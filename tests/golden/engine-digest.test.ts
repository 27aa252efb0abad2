/**
 * The outcomes of a fixed log, as a digest that was written down: a change that alters what the engine answers shows here.
 * Where that is intended, run with WEIR_GOLDEN=write, look at why, and commit the new digest with the change. `outcomes` leaves
 * the traces out, whose encoding belongs to `rules/`: where only `digest` differs, decisions, offers and figures are the same.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { decodeOutcomeFrame } from '../../core/outcomes/outcome-codec.ts';
import { createEngine } from '../../processors/engine/engine.ts';
import { engineLog } from '../support/engine/engine-log.ts';

const FILE = new URL('./engine-digest.json', import.meta.url);

it('the engine answers the fixed log as it always did', () => {
  const actual: Record<string, unknown> = {};
  for (const seed of [1, 2, 3]) {
    const engine = createEngine();
    const withoutTraces = createHash('sha256');
    engineLog(400, seed).forEach((frame, i) => {
      for (const part of engine.step(i + 1, frame)) {
        const { head, outcomes } = decodeOutcomeFrame(part);
        withoutTraces.update(JSON.stringify([head, outcomes.map((outcome) => ({ ...outcome, trace: undefined }))]));
      }
    });
    const outcomes = withoutTraces.digest('hex').slice(0, 16);
    const { digest, accepted, duplicates, late, poison, alerts, offers, withdrawn } = engine.stats();
    actual[`seed ${seed}`] = { outcomes, digest, accepted, duplicates, late, poison, alerts, offers, withdrawn };
  }
  if (process.env.WEIR_GOLDEN === 'write') writeFileSync(FILE, `${JSON.stringify(actual, null, 2)}\n`);
  expect(actual).toEqual(JSON.parse(readFileSync(FILE, 'utf8')));
});
