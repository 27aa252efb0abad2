/** Entry point of a role process: `role-main <role> <brief>`, started by the supervisor with its parts in the environment. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { parseConfig } from '../core/config.ts';
import { createLogger } from './logger.ts';
import { PARTS_VARIABLE, parseParts } from './parts.ts';
import { startDemo } from './roles/demo.ts';
import { startEdge } from './roles/edge.ts';
import { startProcessor } from './roles/processor.ts';
import type { RoleContext, RunningRole } from './roles/role.ts';
import { startSink } from './roles/sink.ts';
import type { RoleBrief, RoleMessage, RoleName, RoleOrder } from './supervisor/role-process.ts';
import { systemClock } from './system-clock.ts';

const STARTERS: Record<RoleName, (context: RoleContext) => Promise<RunningRole>> = {
  processor: startProcessor,
  sink: startSink,
  edge: startEdge,
  demo: startDemo,
};

const role = process.argv[2] as RoleName;
const brief = JSON.parse(process.argv[3] ?? '') as RoleBrief;
process.title = `weir-${brief.name}`;
const config = parseConfig(process.env);
const log = createLogger(config, brief.name);
const metrics = new Registry();
metrics.setDefaultLabels({ role });
collectDefaultMetrics({ register: metrics });

const tell = (message: RoleMessage): void => {
  if (process.connected) process.send?.(message);
};

try {
  const running = await STARTERS[role]({
    config,
    parts: parseParts(process.env[PARTS_VARIABLE]),
    log,
    metrics,
    clock: systemClock,
    brief,
  });
  let stopping = false;
  const leave = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await running.stop().catch((error: unknown) => log.error({ err: error }, 'did not stop cleanly'));
    process.exit(0);
  };
  process.on('message', (order: RoleOrder) => {
    if (order.type === 'ended') running.markEnded?.(order.ids);
    else void leave();
  });
  process.on('disconnect', () => void leave());
  process.on('SIGTERM', () => void leave());
  tell({ type: 'ready', ...(running.url === undefined ? {} : { url: running.url }) });
  await running.done;
  if (!stopping) {
    log.error('ended without being asked to');
    process.exit(1);
  }
} catch (error) {
  log.error({ err: error }, 'cannot go on');
  tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
  setImmediate(() => process.exit(1));
}
