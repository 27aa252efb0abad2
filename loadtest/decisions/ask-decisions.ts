/**
 * The asking process of `loadtest -- decisions`. Open loop: requests are due at fixed times whatever the server does, and latency
 * runs from the time a request was due, so that a stalled server cannot hide its stall by not being asked. Talks to its parent by
 * process messages; ends when it is told or when its parent is gone.
 */
import Type from 'typebox';
import Value from 'typebox/value';
import { createLatencyHistogram } from '../driver/latency-histogram.ts';
import { SyntheticWriter } from '../driver/synthetic-events.ts';
import { delay } from '../send/event-sender.ts';
import { createHttpPoster } from '../send/http-post.ts';

export const AskOrder = Type.Object({
  url: Type.String(),
  token: Type.String(),
  /** Keeps ids of different runs apart. */
  run: Type.String(),
  /** Decisions a second. */
  rate: Type.Number(),
  /** Asked for first, and not counted. */
  warmUpSeconds: Type.Number(),
  seconds: Type.Number(),
  /** The deadline that each request names. */
  timeoutMs: Type.Number(),
  connections: Type.Integer(),
});
export type AskOrder = Type.Static<typeof AskOrder>;

export const AskReport = Type.Object({
  decisions: Type.Integer(),
  /** Answers by the fallback, past their deadline. */
  degraded: Type.Integer(),
  /** Anything but 200, and requests without an answer. */
  errors: Type.Integer(),
  /** From the end of the warm-up to the last answer. */
  answeredSeconds: Type.Number(),
  /** Counts of a latency histogram. */
  latencies: Type.Array(Type.Integer()),
});
export type AskReport = Type.Static<typeof AskReport>;

/** What the process says, in this order; `failed` may come instead of anything after `ready`. */
export const AskMessage = Type.Union([
  Type.Object({ type: Type.Literal('ready') }),
  Type.Object({ type: Type.Literal('warm') }),
  Type.Object({ type: Type.Literal('sent') }),
  Type.Object({ type: Type.Literal('answered'), report: AskReport }),
  Type.Object({ type: Type.Literal('failed'), reason: Type.String() }),
]);
export type AskMessage = Type.Static<typeof AskMessage>;

const OK = 200;

/** Throws when there was no answer at all, neither to the warm-up nor, where that is too short to tell, to the rest. */
async function askDecisions(o: AskOrder, tell: (message: AskMessage) => void): Promise<AskReport> {
  const poster = createHttpPoster({ baseUrl: o.url, token: o.token, connections: o.connections });
  const writer = new SyntheticWriter(o.run);
  const path = `/v1/decisions?timeoutMs=${o.timeoutMs}`;
  const histogram = createLatencyHistogram();
  const counts = { decisions: 0, degraded: 0, errors: 0 };
  const intervalMs = 1_000 / o.rate;
  const warmUp = Math.floor(o.rate * o.warmUpSeconds);
  const total = warmUp + Math.floor(o.rate * o.seconds);
  let isAnswered = false;
  let lastFailure: unknown;

  const ask = async (i: number, dueMs: number): Promise<void> => {
    writer.write(i, Date.now());
    // A copy: the request may wait for a connection while the writer's memory is used again.
    const body = Buffer.from(writer.taken()).toString('latin1');
    const reply = await poster.post(path, 'application/json', body).catch((cause: unknown) => {
      lastFailure = cause;
      return undefined;
    });
    if (reply !== undefined) isAnswered = true;
    if (i < warmUp) return;
    histogram.record(performance.now() - dueMs);
    if (reply?.status !== OK) counts.errors++;
    else {
      counts.decisions++;
      // The answer is ours and small: its one flag is looked for without parsing all of it.
      if (reply.body.includes('"degraded":true')) counts.degraded++;
    }
  };
  const assertAnswered = (): void => {
    if (!isAnswered && lastFailure !== undefined) {
      throw new Error(`${o.url} answered nothing: ${describe(lastFailure)}`, { cause: lastFailure });
    }
  };

  try {
    const pending = new Set<Promise<void>>();
    const startMs = performance.now();
    let measuredFromMs = startMs;
    for (let i = 0; i < total; i++) {
      const dueMs = startMs + i * intervalMs;
      const waitMs = dueMs - performance.now();
      if (waitMs > 1) await delay(waitMs);
      if (i === warmUp) {
        assertAnswered();
        tell({ type: 'warm' });
        measuredFromMs = performance.now();
      }
      const asked = ask(i, dueMs);
      pending.add(asked);
      void asked.finally(() => pending.delete(asked));
    }
    tell({ type: 'sent' });
    await Promise.all(pending);
    assertAnswered();
    const answeredSeconds = (performance.now() - measuredFromMs) / 1_000;
    return { ...counts, answeredSeconds, latencies: histogram.counts };
  } finally {
    poster.close();
  }
}

/** A host of several addresses fails with the failures of all of them, and without a message of its own. */
function describe(failure: unknown): string {
  const one: unknown = failure instanceof AggregateError ? failure.errors[0] : failure;
  return one instanceof Error ? one.message : String(one);
}

/** Only as a child process with a channel to its parent, and for one order; importing this file does nothing else. */
export function serveAskOrder(): void {
  const tell = (message: AskMessage): void => void process.send?.(message);
  process.once('disconnect', () => process.exit(0));
  process.once('message', (order: unknown) => {
    if (!Value.Check(AskOrder, order)) throw new TypeError('this is no order to ask for decisions');
    void askDecisions(order, tell).then(
      (report) => tell({ type: 'answered', report }),
      (error: unknown) => tell({ type: 'failed', reason: describe(error) }),
    );
  });
  tell({ type: 'ready' });
}
