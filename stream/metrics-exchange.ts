/**
 * One `/metrics` for all processes: each serves its registry over NATS, and whoever is asked gathers them. Metrics of
 * the same name from different roles stay apart by the label `role`.
 */
import { createInbox } from '@nats-io/transport-node';
import { AggregatorRegistry, Gauge, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client';
import type { StreamConnection } from './connection.ts';
import { SUBJECTS } from './topology.ts';

/** After the last answer this long nobody else is expected: everybody is asked at once. */
const STALL_MS = 150;

type Exposition = MetricObjectWithValues<MetricValue<string>>[];

/** `roleNow` is asked each time: a standby may have become the leader. */
export function serveMetrics(c: StreamConnection, roleNow: () => string, registry: Registry): { stop(): void } {
  return c.serve(SUBJECTS.metrics, async () => {
    const role = roleNow();
    const metrics: Exposition = await registry.getMetricsAsJSON();
    const labelled = metrics.map((metric) => ({
      ...metric,
      values: metric.values.map((value) => ({ ...value, labels: { ...value.labels, role } })),
    }));
    return new TextEncoder().encode(JSON.stringify(labelled));
  });
}

/**
 * Prometheus text of every process that answers within `timeoutMs`; a process that is down is absent, and
 * `weir_metrics_processes` says how many answered.
 */
export async function collectMetrics(c: StreamConnection, timeoutMs: number): Promise<string> {
  const answers = await gather(c, timeoutMs);
  const expositions = answers.map(parseExposition).filter((exposition) => exposition !== undefined);
  const own = new Registry();
  const processes = new Gauge({
    name: 'weir_metrics_processes',
    help: 'Processes whose metrics are in this answer',
    registers: [own],
  });
  processes.set(expositions.length);
  return AggregatorRegistry.aggregate([...expositions, await own.getMetricsAsJSON()]).metrics();
}

function gather(c: StreamConnection, timeoutMs: number): Promise<Uint8Array[]> {
  if (!c.isConnected()) return Promise.resolve([]);
  return new Promise((resolve) => {
    const answers: Uint8Array[] = [];
    const inbox = createInbox();
    let stall: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(stall);
      clearTimeout(timer);
      subscription.unsubscribe();
      resolve(answers);
    };
    const timer = setTimeout(end, timeoutMs);
    const subscription = c.nats.subscribe(inbox, {
      callback: (error, message) => {
        // An empty answer is the server's: nobody serves metrics.
        if (error !== null || message.data.length === 0) return end();
        answers.push(message.data);
        clearTimeout(stall);
        stall = setTimeout(end, STALL_MS);
      },
    });
    c.nats.publish(SUBJECTS.metrics, new Uint8Array(0), { reply: inbox });
  });
}

function parseExposition(bytes: Uint8Array): Exposition | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    // Only Weir's own processes can publish here; the shape is what `serveMetrics` of the same version wrote.
    return Array.isArray(value) ? (value as Exposition) : undefined;
  } catch {
    return undefined;
  }
}
