/** Staged rules are compiled between frames, and whoever waits for them is told at once. */
import { expect, it } from 'vitest';
import { stageEntries } from '../../../../core/codec/stage-entries.ts';
import { createEngine } from '../../../../processors/engine/engine.ts';
import { createPreparation } from '../../../../processors/prepare-rules.ts';
import { encodeEntries } from '../../../support/engine/engine.ts';
import { fraudRule } from '../../../support/engine/rule-documents.ts';
import { until } from '../../../support/until.ts';

it('tells once that a rule set has come, and once that it is compiled', async () => {
  const engine = createEngine();
  const told: string[] = [];
  const preparation = createPreparation(engine, () => told.push(JSON.stringify(engine.staged)));
  const rules = Array.from({ length: 2_000 }, (_, i) => fraudRule(`r-${i}`, {}));
  for (const [i, part] of stageEntries(2, rules).entries()) {
    engine.step(i + 1, encodeEntries([part]));
    preparation.wake();
    preparation.wake();
  }
  await until('compiled', 10_000, () => told.length === 2);
  preparation.wake();
  await new Promise(setImmediate);
  expect(told).toEqual(['[{"version":2,"compiled":false}]', '[{"version":2,"compiled":true}]']);
  preparation.stop();
});
