/** Role `processor`: the engine on the log. */
import { runProcessor } from '../../processors/run-processor.ts';
import { connectStream } from '../../stream/connection.ts';
import { serveMetrics } from '../../stream/metrics-exchange.ts';
import type { RoleContext, RunningRole } from './role.ts';

export async function startProcessor({ config, parts, log, metrics, clock }: RoleContext): Promise<RunningRole> {
  const connection = await connectStream({ ...parts.nats, name: 'weir-processor', log });
  serveMetrics(connection, 'processor', metrics);
  const processor = await runProcessor({ connection, config, log, metrics, clock });
  return {
    done: processor.done,
    async stop() {
      await processor.stop();
      await connection.close();
    },
  };
}
