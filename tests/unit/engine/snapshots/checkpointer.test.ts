import { setTimeout as pause } from 'node:timers/promises';
import pino from 'pino';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { startCheckpointer } from '../../../../processors/checkpoints/checkpointer.ts';
import { createEngine, type Engine } from '../../../../processors/engine/engine.ts';
import { PAGE_SHIFT } from '../../../../processors/engine/memory/slab.ts';
import { createProcessorMetrics } from '../../../../processors/processor-metrics.ts';
import { aPayment, encodeEntries } from '../../../support/engine/engine.ts';
import { engineLog } from '../../../support/engine/engine-log.ts';
import { until } from '../../../support/until.ts';

const INTERVAL_MS = 5;
/** A save takes so long, and far longer than what is waited for. */
const SAVE_MS = 500;
/** Enough for some looks at whether one is due. */
const LOOKS_MS = 600;
const TIME_MS = 1_780_000_000_000;

function start(limits: { intervalMs: number; eventsMax: number }, engine = createEngine(), saveMs = SAVE_MS) {
  const frames = engineLog(40, 3).values();
  const begun: number[] = [];
  const saved: number[] = [];
  const checkpointer = startCheckpointer({
    engine,
    gate: { whenAcknowledged: async () => undefined },
    store: {
      begin: async () => {
        begun.push(engine.position);
        return {
          holds: () => false,
          put: async () => true,
          finish: async ({ position }) => {
            await pause(saveMs);
            saved.push(position);
          },
        };
      },
    },
    ...limits,
    saved: { position: 0, accepted: 0 },
    log: pino({ level: 'silent' }),
    metrics: createProcessorMetrics(new Registry(), () => engine.stats()),
  });
  return {
    engine,
    checkpointer,
    begun,
    saved,
    step: () => engine.step(engine.position + 1, frames.next().value as Uint8Array),
  };
}

/** With more than 8 MiB of state, in shards of 128 KiB. */
function largeEngine(): Engine {
  const engine = createEngine({ shardShift: PAGE_SHIFT + 3 });
  while (engine.stats().bytes.used < 8 * 1_048_576) {
    const frame = engine.position + 1;
    const payments = Array.from({ length: 100 }, (_, i) => aPayment(`${'c'.repeat(400)}-${frame}-${i}`, TIME_MS));
    engine.step(frame, encodeEntries(payments.map((event) => ({ kind: 'event', event }))));
  }
  return engine;
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

it('rests after a save for longer than it took, and saves at once when it is asked to', async () => {
  const { checkpointer, begun, saved, step } = start({ intervalMs: INTERVAL_MS, eventsMax: 1_000_000 });
  step();
  await until('the first save', 10_000, () => saved.length === 1);
  step();
  await pause(INTERVAL_MS * 10);
  expect(begun).toEqual([1]);
  await checkpointer.save();
  expect(saved).toEqual([1, 2]);
  await checkpointer.stop();
});

it('spreads a checkpoint over time, and hurries when it is to end', async () => {
  const engines = [largeEngine(), largeEngine()] as const;
  const begin = async (engine: Engine) => {
    const started = start({ intervalMs: INTERVAL_MS, eventsMax: 1 }, engine, 0);
    await until('it has begun', 10_000, () => started.begun.length === 1);
    return started;
  };
  const begunMs = performance.now();
  const other = await begin(engines[0]);
  const one = await begin(engines[1]);
  await one.checkpointer.stop();
  expect(one.saved).toEqual([one.engine.position]);
  expect(other.saved).toEqual([]);
  await until('the other save', 10_000, () => other.saved.length === 1);
  // At 16 MiB/s at most.
  expect(performance.now() - begunMs).toBeGreaterThan(400);
  await other.checkpointer.stop();
});
