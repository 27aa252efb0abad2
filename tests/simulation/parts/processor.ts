/** The processor as its role starts it. */
import { Registry } from 'prom-client';
import { runProcessor } from '../../../processors/run-processor.ts';
import type { PartMain } from '../world/part.ts';
import { connectPart, type PartSurroundings } from './surroundings.ts';

export function processorMain(s: PartSurroundings): PartMain {
  return async () => {
    const connection = await connectPart(s, 'weir-processor');
    const processor = await runProcessor({
      connection,
      config: s.config,
      log: s.log,
      metrics: new Registry(),
      clock: s.clock,
    });
    await processor.done;
  };
}
