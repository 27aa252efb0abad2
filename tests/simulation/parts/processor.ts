/** The processor as its role starts it; where there are two, the one that does not lead is the other's hot standby. */
import { Registry } from 'prom-client';
import { type RunningProcessor, runProcessor } from '../../../processors/run-processor.ts';
import type { PartMain } from '../world/part.ts';
import { connectPart, type PartSurroundings } from './surroundings.ts';

/** `onRunning` is told each processor that follows the log, with its figures. */
export function processorMain(
  s: PartSurroundings,
  name: string,
  onRunning: (life: Parameters<PartMain>[0], processor: RunningProcessor, metrics: Registry) => void,
): PartMain {
  return async (life) => {
    const connection = await connectPart(s, `weir-${name}`);
    const metrics = new Registry();
    const { log, clock, config } = s;
    const processor = await runProcessor({ connection, config, name, id: life.id, log, metrics, clock });
    processor.markEnded(life.ended);
    // One that is replaced while it stops says so, here and by `done`.
    life.onStop(() => void processor.stop().catch(() => undefined));
    onRunning(life, processor, metrics);
    await processor.done;
  };
}
