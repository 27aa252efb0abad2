/**
 * One sending process of the load driver. Open loop: batches are due at fixed times whatever the server does, and
 * latency counts from the due time, so a stalled server cannot hide its stall by not being asked. Talks to the driver
 * by process messages; ends when told or when its parent is gone.
 */
import Type from 'typebox';
import Value from 'typebox/value';
import { createEventSender, delay, type EventSender } from '../send/event-sender.ts';
import { createLatencyHistogram } from './latency-histogram.ts';
import { SyntheticWriter } from './synthetic-events.ts';

export const LoadOrder = Type.Object({
  url: Type.String(),
  token: Type.String(),
  run: Type.String(),
  /** Events a second of this worker. */
  rate: Type.Number(),
  seconds: Type.Number(),
  batchEvents: Type.Integer(),
  connections: Type.Integer(),
  /** This worker makes events worker, worker + workers, … of the run. */
  worker: Type.Integer(),
  workers: Type.Integer(),
  /** Event time of the run's first event, and how much of it passes a second. */
  startEventMs: Type.Number(),
  timeCompression: Type.Number(),
  /** Wall time (epoch) at which all workers begin. */
  startAtMs: Type.Number(),
});
export type LoadOrder = Type.Static<typeof LoadOrder>;

export const LoadReport = Type.Object({
  sent: Type.Integer(),
  accepted: Type.Integer(),
  rejected: Type.Integer(),
  retries: Type.Integer(),
  /** Batches that were due and could not be begun before the end. */
  unsent: Type.Integer(),
  seconds: Type.Number(),
  cpuSeconds: Type.Number(),
  latencies: Type.Array(Type.Number()),
  error: Type.Optional(Type.String()),
});
export type LoadReport = Type.Static<typeof LoadReport>;

/** Batches made ahead for which no connection is free; past it they are counted as unsent. */
const WAITING_BATCHES_MAX = 2_000;

async function runLoadOrder(o: LoadOrder): Promise<LoadReport> {
  const histogram = createLatencyHistogram();
  const totals = { sent: 0, accepted: 0, rejected: 0, retries: 0, unsent: 0 };
  const intervalMs = (o.batchEvents / o.rate) * 1_000;
  const batches = Math.floor((o.seconds * 1_000) / intervalMs);
  const cpuBefore = process.cpuUsage();
  const due: number[] = [];
  let wake: () => void = () => undefined;
  let isDone = false;
  let error: string | undefined;
  await delay(Math.max(0, o.startAtMs - Date.now()));
  const startMs = performance.now();
  // Workers take turns, so that the server sees an even stream.
  const offsetMs = (intervalMs * o.worker) / o.workers;

  async function connection(sender: EventSender): Promise<void> {
    const writer = new SyntheticWriter(o.run);
    for (;;) {
      const batch = due.shift();
      if (batch === undefined) {
        if (isDone) return;
        await new Promise<void>((resolve) => {
          const before = wake;
          wake = () => {
            before();
            resolve();
          };
        });
        continue;
      }
      const dueMs = offsetMs + batch * intervalMs;
      for (let i = 0; i < o.batchEvents; i++) {
        const ordinal = batch * o.batchEvents + i;
        const timeMs = o.startEventMs + Math.floor((dueMs + (i * intervalMs) / o.batchEvents) * o.timeCompression);
        writer.write(ordinal * o.workers + o.worker, timeMs);
      }
      const result = await sender.sendBody(writer.taken(), o.batchEvents);
      histogram.record(performance.now() - startMs - dueMs);
      totals.sent += o.batchEvents;
      totals.accepted += result.accepted;
      totals.rejected += result.rejected;
      totals.retries += result.retries;
    }
  }

  const senders = Array.from({ length: o.connections }, () =>
    createEventSender({ baseUrl: o.url, token: o.token, backoffMaxMs: 250 }),
  );
  const connections = senders.map((sender) =>
    connection(sender).catch((cause: unknown) => {
      error = cause instanceof Error ? cause.message : String(cause);
    }),
  );
  for (let batch = 0; batch < batches && error === undefined; batch++) {
    const waitMs = startMs + offsetMs + batch * intervalMs - performance.now();
    if (waitMs > 1) await delay(waitMs);
    if (due.length >= WAITING_BATCHES_MAX) totals.unsent++;
    else due.push(batch);
    wake();
    wake = () => undefined;
  }
  const endMs = startMs + o.seconds * 1_000;
  await delay(Math.max(0, endMs - performance.now()));
  // What is still waiting at the end was offered and not taken.
  totals.unsent += due.length;
  due.length = 0;
  isDone = true;
  wake();
  await Promise.all(connections);
  for (const sender of senders) sender.close();
  const cpu = process.cpuUsage(cpuBefore);
  return {
    ...totals,
    seconds: (performance.now() - startMs) / 1_000,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    latencies: histogram.counts,
    ...(error === undefined ? {} : { error }),
  };
}

/** Only as a child process with a channel to its parent; importing this file does nothing else. */
export function serveLoadOrders(): void {
  process.once('disconnect', () => process.exit(0));
  process.on('message', (message: unknown) => {
    if (!Value.Check(LoadOrder, message)) throw new TypeError('this is no load order');
    void runLoadOrder(message).then((report) => process.send?.(report));
  });
  process.send?.({ ready: true });
}
