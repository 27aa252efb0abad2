/** Role `sink`: outcomes and refused events into ClickHouse, each exactly once. */
import { decodeQuarantineRecord } from '../../core/codec/quarantine-record.ts';
import { openStore } from '../../storage/open-store.ts';
import { runQuarantineSink } from '../../storage/sink/run-quarantine-sink.ts';
import { runSink } from '../../storage/sink/run-sink.ts';
import { connectStream } from '../../stream/connection.ts';
import { readLog } from '../../stream/log/log-reader.ts';
import { serveMetrics } from '../../stream/metrics-exchange.ts';
import { repeatProgress } from './repeat-progress.ts';
import type { RoleContext, RunningRole } from './role.ts';

export async function startSink({ config, parts, log, metrics, clock }: RoleContext): Promise<RunningRole> {
  const connection = await connectStream({ ...parts.nats, name: 'weir-sink', log });
  serveMetrics(connection, () => 'sink', metrics);
  const store = await openStore({ ...parts.store, log });
  const limits = {
    rowsMax: config.WEIR_SINK_ROWS_MAX,
    lingerMs: config.WEIR_SINK_LINGER_MS,
    lingerMaxMs: config.WEIR_SINK_LINGER_MAX_MS,
  };
  const read = (stream: 'OUTCOMES' | 'QUARANTINE') => (fromSeq: number, signal: AbortSignal) =>
    readLog(connection, stream, { fromSeq, signal });
  const progress = repeatProgress(connection, 'sink');
  const outcomes = runSink({
    store,
    outcomes: read('OUTCOMES'),
    limits,
    clock,
    log,
    metrics,
    onProgress: progress.set,
    onStandby: progress.clear,
  });
  const quarantine = runQuarantineSink({
    store,
    messages: read('QUARANTINE'),
    decode: decodeQuarantineRecord,
    limits,
    log,
    metrics,
  });
  return {
    done: Promise.race([outcomes.done, quarantine.done]),
    async stop() {
      await Promise.all([outcomes.stop(), quarantine.stop()]);
      progress.stop();
      await store.close();
      await connection.close();
    },
  };
}
