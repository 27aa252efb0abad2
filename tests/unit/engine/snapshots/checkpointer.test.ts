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
/** Enough for some looks at whether one is due. */
const LOOKS_MS = 600;

function start(limits: { intervalMs: number; eventsMax: number }) {
  const engine = createEngine();
  const frames = engineLog(40, 3).values();
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
    ...limits,
    saved: { position: 0, accepted: 0 },
    log: pino({ level: 'silent' }),
    metrics: createProcessorMetrics(new Registry(), () => engine.stats()),
  });
  return {
    engine,
    checkpointer,
    saved,
    step: () => engine.step(engine.position + 1, frames.next().value as Uint8Array),
  };
}

it('saves as soon as a restart would have too many events to play again', async () => {
  const { engine, checkpointer, saved, step } = start({ intervalMs: 3_600_000, eventsMax: 8 });
  step();
  expect(engine.accepted).toBeLessThan(8);
  await pause(LOOKS_MS);
  expect(saved).toEqual([]);
  while (engine.accepted < 8) step();
  const first = engine.position;
  await until('the save', 10_000, () => saved.length === 1);
  expect(saved).toEqual([first]);
  step();
  await pause(LOOKS_MS);
  expect(saved).toEqual([first]);
  const { accepted } = engine;
  while (engine.accepted < accepted + 8) step();
  await until('the next save', 10_000, () => saved.length === 2);
  await checkpointer.stop();
});

it('rests after a save for longer than the interval where saving takes long, and saves at once when it is asked to', async () => {
  const { checkpointer, saved, step } = start({ intervalMs: INTERVAL_MS, eventsMax: 1_000_000 });
  step();
  await until('the first save', 10_000, () => saved.length === 1);
  step();
  await pause(SAVE_MS * 2);
  expect(saved).toEqual([1]);
  await checkpointer.save();
  expect(saved).toEqual([1, 2]);
  await checkpointer.stop();
});
