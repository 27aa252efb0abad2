/**
 * The api on real parts: nats-server, ClickHouse, the processor and the sink, and the HTTP server on top. Events go
 * straight into the log, as ingest would put them.
 */
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { createHttpServer, type HttpServer } from '../../../api/http-server.ts';
import { createHubMetrics } from '../../../api/live/hub/hub-metrics.ts';
import { createLiveHub, type LiveHub, type LiveHubOptions } from '../../../api/live/hub/live-hub.ts';
import { createStoreSources } from '../../../api/live/hub/store-sources.ts';
import { registerLiveSocket } from '../../../api/live/socket/register-live-socket.ts';
import { registerApiRoutes } from '../../../api/register-api-routes.ts';
import { createTokenAuthority, type Role } from '../../../api/token-authority.ts';
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import { DEFAULT_ENGINE_SETTINGS, type Entry, encodeEntry } from '../../../core/codec/entry.ts';
import { parseConfig } from '../../../core/config.ts';
import type { WeirEvent } from '../../../core/events/event.ts';
import { type RunningSink, runSink } from '../../../storage/sink/run-sink.ts';
import { createEventAppender } from '../../../stream/log/event-appender.ts';
import { readLog } from '../../../stream/log/log-reader.ts';
import { publishProgress } from '../../../stream/progress.ts';
import { type StartedProcessor, startProcessor } from '../engine/processor.ts';
import { silentLog, startTestStore, type TestStore } from '../storage/store.ts';
import { type NatsFixture, startNats } from '../stream/nats.ts';
import { APPENDER_LIMITS } from '../stream/stream.ts';
import { until } from '../until.ts';
import { connectLive, LIVE_SECRET, type LiveClient } from './live-world.ts';

export interface ApiStack {
  readonly app: HttpServer;
  readonly hub: LiveHub;
  readonly nats: NatsFixture;
  readonly testStore: TestStore;
  readonly url: string;
  readonly feedback: unknown[];
  token(role: Role, sub?: string): string;
  get(path: string, role: Role, sub?: string): Promise<{ status: number; body: unknown; headers: Headers }>;
  connect(role: Role, sub?: string): Promise<LiveClient>;
  /** One request to the log; resolves with the position of its last frame. */
  append(events: readonly WeirEvent[]): Promise<number>;
  activate(version: number, documents: readonly unknown[]): Promise<number>;
  startProcessor(): Promise<void>;
  stopProcessor(): Promise<void>;
  startSink(): void;
  stopSink(): Promise<void>;
  /** The store has everything that the processor answered, and the hub too. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

const PROGRESS_INTERVAL_MS = 100;

export async function startApiStack(
  o: { env?: Record<string, string>; limits?: LiveHubOptions['limits'] } = {},
): Promise<ApiStack> {
  const config = parseConfig({ NODE_ENV: 'test', ...o.env });
  const clock = { nowMs: () => Date.now() };
  const [nats, testStore] = await Promise.all([startNats(), startTestStore()]);
  const connection = await nats.connect('api');
  const { store } = testStore;
  const appender = createEventAppender(connection, {
    limits: APPENDER_LIMITS,
    log: silentLog,
    metrics: new Registry(),
  });
  const auth = createTokenAuthority(LIVE_SECRET);
  const metrics = new Registry();
  const feedback: unknown[] = [];
  const sources = createStoreSources(store, connection);
  const hub = createLiveHub({
    sources,
    clock,
    log: silentLog,
    metrics: createHubMetrics(metrics),
    ...(o.limits && { limits: o.limits }),
  });
  const app = await createHttpServer({ config, log: silentLog, metrics, auth });
  await registerApiRoutes(app, { store, connection, hub, auth, config, clock, metrics, personas: [] });
  const submitEvent = async (event: unknown): Promise<void> => void feedback.push(event);
  registerLiveSocket(app, { hub, sources, auth, submitEvent, config, clock, metrics });
  await hub.start();
  await app.listen({ port: 0, host: '127.0.0.1' });
  const host = `127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  let processor: StartedProcessor | undefined;
  let sink: RunningSink | undefined;
  let sinkProgress = { inputSeq: 0, outcomeSeq: 0 };
  const telling = setInterval(() => publishProgress(connection, 'sink', sinkProgress), PROGRESS_INTERVAL_MS);
  const token = (role: Role, sub = `test-${role}`): string => auth.sign({ role, sub, ttlSeconds: 600 });
  let lastSeq = 0;
  const appendEntries = async (entries: readonly Entry[]): Promise<number> => {
    const writer = new ByteWriter();
    const encoded = entries.map((entry) => {
      writer.reset();
      encodeEntry(writer, entry);
      return writer.take();
    });
    const result = await appender.append(encoded);
    lastSeq = Math.max(lastSeq, result.lastSeq);
    return result.lastSeq;
  };

  return {
    app,
    hub,
    nats,
    testStore,
    url: `http://${host}`,
    feedback,
    token,
    async get(path, role, sub) {
      const answer = await fetch(`http://${host}${path}`, { headers: { authorization: `Bearer ${token(role, sub)}` } });
      const text = await answer.text();
      return { status: answer.status, body: text === '' ? undefined : JSON.parse(text), headers: answer.headers };
    },
    connect: (role, sub) => connectLive(`ws://${host}/v1/live`, token(role, sub)),
    append: (events) => appendEntries(events.map((event) => ({ kind: 'event', event }))),
    activate: (version, documents) =>
      appendEntries([
        {
          kind: 'ruleset',
          version,
          settings: DEFAULT_ENGINE_SETTINGS,
          documents,
          author: 'ana',
          comment: `set ${version}`,
        },
      ]),
    async startProcessor() {
      processor = await startProcessor(connection);
    },
    async stopProcessor() {
      await processor?.stop();
      processor = undefined;
    },
    startSink() {
      sink = runSink({
        store,
        outcomes: (fromSeq, signal) => readLog(connection, 'OUTCOMES', { fromSeq, signal }),
        limits: { rowsMax: 400, lingerMs: 30 },
        clock,
        log: silentLog,
        metrics: new Registry(),
        onProgress: (progress) => {
          sinkProgress = progress;
        },
      });
    },
    async stopSink() {
      await sink?.stop();
      sink = undefined;
    },
    async settled() {
      await until('the hub', 20_000, () => hub.position >= lastSeq);
      await until('the sink', 20_000, () => sinkProgress.inputSeq >= lastSeq);
    },
    async close() {
      clearInterval(telling);
      await app.close();
      await hub.stop();
      await sink?.stop();
      await processor?.stop();
      await appender.close();
      await testStore.close();
      await nats.stop();
    },
  };
}
