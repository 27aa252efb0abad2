/** Role `processor`: the engine on the log, as the one that leads or as a standby. */
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Config } from '../../core/config.ts';
import { runProcessor } from '../../processors/run-processor.ts';
import { connectStream } from '../../stream/connection.ts';
import { serveMetrics } from '../../stream/metrics-exchange.ts';
import type { RoleContext, RunningRole } from './role.ts';

export async function startProcessor({ config, parts, log, metrics, clock, brief }: RoleContext): Promise<RunningRole> {
  const connection = await connectStream({ ...parts.nats, name: 'weir-processor', log });
  const name = `${hostname()}/${process.pid}`;
  const processor = await runProcessor({
    connection,
    config,
    name,
    id: brief.id,
    copyDirectory: copyDirectory(config, brief.name),
    log,
    metrics,
    clock,
  });
  processor.markEnded(brief.ended);
  // Counters of two engines on one log are not to be added up.
  serveMetrics(connection, () => (processor.isLeading ? 'processor' : 'standby'), metrics);
  return {
    done: processor.done,
    markEnded: processor.markEnded,
    async stop() {
      await processor.stop();
      await connection.close();
    },
  };
}

/** Two processors of one `weir start` have names, and so directories, of their own. */
function copyDirectory(config: Config, name: string): string {
  const { WEIR_CHECKPOINT_COPY_DIR: chosen, WEIR_DATA_DIR: dataDir } = config;
  return resolve(chosen === '' ? join(dataDir, 'checkpoint-copy') : chosen, name);
}
