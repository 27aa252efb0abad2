/** The sink as its role starts it: outcomes and refused events into the store. */
import { Registry } from 'prom-client';
import { repeatProgress } from '../../../cli/roles/repeat-progress.ts';
import { decodeQuarantineRecord } from '../../../core/codec/quarantine-record.ts';
import { runQuarantineSink } from '../../../storage/sink/run-quarantine-sink.ts';
import { runSink, type SinkOptions } from '../../../storage/sink/run-sink.ts';
import { readLog } from '../../../stream/log/log-reader.ts';
import type { PartMain } from '../world/part.ts';
import { connectPart, type PartSurroundings } from './surroundings.ts';

export function sinkMain(s: PartSurroundings, limits: SinkOptions['limits']): PartMain {
  return async ({ owner }) => {
    const { log, clock } = s;
    const connection = await connectPart(s, 'weir-sink');
    const store = s.openStore(owner);
    const metrics = new Registry();
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
    await Promise.race([outcomes.done, quarantine.done]);
  };
}
