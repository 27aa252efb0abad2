/**
 * Refuses requests with 503 while the process cannot keep up, so that what it took it still answers. One long pause (a
 * start on a busy machine, a collection) is no overload: only pressure that lasts is. Health and metrics always answer.
 */
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { WeirError } from '../../core/errors.ts';

/** Mean delay of the event loop over a sample. */
const EVENT_LOOP_DELAY_MAX_MS = 2_000;
const HEAP_USED_BYTES_MAX = 3_000 * 1_048_576;
const SAMPLE_INTERVAL_MS = 1_000;
/** Samples in a row that make an overload. */
const SAMPLES_IN_A_ROW = 3;

export async function refuseUnderPressure(app: FastifyInstance): Promise<void> {
  await app.register(underPressure, {
    maxEventLoopDelay: EVENT_LOOP_DELAY_MAX_MS,
    maxHeapUsedBytes: HEAP_USED_BYTES_MAX,
    sampleInterval: SAMPLE_INTERVAL_MS,
    // Judged below, over several samples.
    pressureHandler: () => undefined,
  });
  let strained = 0;
  const sampling = setInterval(() => {
    strained = app.isUnderPressure() ? strained + 1 : 0;
  }, SAMPLE_INTERVAL_MS);
  sampling.unref();
  app.addHook('onClose', async () => clearInterval(sampling));
  app.addHook('onRequest', async (request) => {
    if (strained >= SAMPLES_IN_A_ROW && request.routeOptions.config.always !== true) {
      throw new WeirError('server.overloaded', 'the server has more to do than it can answer in time');
    }
  });
}
