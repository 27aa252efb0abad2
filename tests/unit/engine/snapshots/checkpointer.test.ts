import { setTimeout as pause } from 'node:timers/promises';
import pino from 'pino';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { startCheckpointer } from '../../../../processors/checkpoints/checkpointer.ts';
import { createEngine } from '../../../../processors/engine/engine.ts';
import { createProcessorMetrics } from '../../../../processors/processor-metrics.ts';
import { engineLog } from '../../../support/engine/engine-log.ts';
import { until } from '../../../support/until.ts';

const INTERVAL_MS = 5;
const SAVE_MS = 60;

it('rests after a save for longer than the interval where saving takes long, and saves at once when it is asked to', async () => {
  const engine = createEngine();
  const frames = engineLog(40, 3).values();
  const step = () => engine.step(engine.position + 1, frames.next().value as Uint8Array);
  const saved: number[] = [];
  const checkpointer = startCheckpointer({
    engine,
    gate: { whenAcknowledged: async () => undefined },
    store: {
      begin: async () => ({
        holds: () => false,
        put: async () => true,
        finish: async ({ position }) => {
          await pause(SAVE_MS);
          saved.push(position);
        },
      }),
    },
    intervalMs: INTERVAL_MS,
    savedPosition: 0,
    log: pino({ level: 'silent' }),
    metrics: createProcessorMetrics(new Registry(), () => engine.stats()),
  });
  step();
  await until('the first save', 10_000, () => saved.length === 1);
  step();
  await pause(SAVE_MS * 2);
  expect(saved).toEqual([1]);
  await checkpointer.save();
  expect(saved).toEqual([1, 2]);
  await checkpointer.stop();
});
