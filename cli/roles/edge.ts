/**
 * Role `edge`: the HTTP server. It takes events in (`ingest`), answers questions and holds the live sockets (`api`), or
 * one of the two where the other has machines of its own.
 */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { authorize } from '../../api/authorize.ts';
import { createHttpServer, type HttpServer } from '../../api/http-server.ts';
import { createHubMetrics } from '../../api/live/hub/hub-metrics.ts';
import { createLiveHub } from '../../api/live/hub/live-hub.ts';
import { createStoreSources } from '../../api/live/hub/store-sources.ts';
import { registerLiveSocket } from '../../api/live/socket/register-live-socket.ts';
import { registerApiRoutes } from '../../api/register-api-routes.ts';
import { createTokenAuthority, type TokenAuthority } from '../../api/token-authority.ts';
import { INTAKE_ASYNC_API } from '../../ingest/async-api.ts';
import { createDecide } from '../../ingest/decisions/decide.ts';
import { createLoggedAnswers, type LoggedAnswers } from '../../ingest/decisions/logged-answers.ts';
import { registerIngestRoutes } from '../../ingest/http-routes.ts';
import { ingestMetricsOf } from '../../ingest/ingest-metrics.ts';
import { serveIntake } from '../../ingest/nats-intake.ts';
import { startTicks } from '../../ingest/tick.ts';
import { DEMO_PERSONAS } from '../../loadtest/demo/personas.ts';
import { openStore } from '../../storage/open-store.ts';
import { connectStream, type StreamConnection } from '../../stream/connection.ts';
import { askDecision } from '../../stream/decision-exchange.ts';
import { createEventAppender, type EventAppender } from '../../stream/log/event-appender.ts';
import { createQuarantinePublisher } from '../../stream/log/quarantine.ts';
import { collectMetrics, serveMetrics } from '../../stream/metrics-exchange.ts';
import { watchProgress } from '../../stream/progress.ts';
import type { RoleContext, RunningRole } from './role.ts';
import { createStoredDecisions, type StoredDecisions } from './stored-decisions.ts';
import { submitFeedback } from './submit-feedback.ts';

const DASHBOARD_DIR = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dashboards/dist' : '../../../dashboards/dist', import.meta.url),
);
const METRICS_TIMEOUT_MS = 1_000;
/** How long the server waits for the live part before it listens without it. */
const HUB_WAIT_MS = 5_000;

/** What is to be undone at the end, newest first. */
type Undo = () => unknown;

export async function startEdge(context: RoleContext): Promise<RunningRole> {
  const { config, parts, log, metrics, brief } = context;
  const undo: Undo[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.reverse()) await step();
  };
  try {
    const auth = createTokenAuthority(parts.jwtSecret);
    const connection = await connectStream({ ...parts.nats, name: 'weir-edge', log });
    undo.push(() => connection.close());
    serveMetrics(connection, () => 'edge', metrics);
    const app = await createHttpServer({
      config,
      log,
      metrics,
      auth,
      asyncApi: brief.serves.includes('ingest') ? [INTAKE_ASYNC_API] : [],
      ...(brief.serves.includes('api') && existsSync(DASHBOARD_DIR) ? { dashboardDir: DASHBOARD_DIR } : {}),
    });
    const appender = createEventAppender(connection, { limits: config, log, metrics });
    undo.push(() => appender.close());
    const logged = createLoggedAnswers();
    if (brief.serves.includes('ingest')) {
      const stored = createStoredDecisions(parts.store, log);
      undo.push(() => stored.close());
      undo.push(addIngest(context, app, connection, appender, stored, logged));
    }
    if (brief.serves.includes('api')) undo.push(await addApi(context, app, connection, appender, auth, logged));
    undo.push(() => app.close());
    await app.listen({ host: config.HOST, port: config.PORT });
    const address = app.server.address();
    const port = typeof address === 'object' && address !== null ? address.port : config.PORT;
    const host = config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST;
    return { done: new Promise(() => {}), url: `http://${host}:${port}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function addIngest(
  { config, log, metrics, clock }: RoleContext,
  app: HttpServer,
  connection: StreamConnection,
  appender: EventAppender,
  stored: StoredDecisions,
  logged: LoggedAnswers,
): Undo {
  const processor = watchProgress(connection, 'processor');
  const options = {
    appender,
    quarantine: createQuarantinePublisher(connection),
    config,
    clock,
    log,
    metrics,
    backlog: () => ({ framesBehind: Math.max(0, appender.lastSeq - (processor.last?.inputSeq ?? 0)) }),
  };
  const decide = createDecide({
    appender,
    logged,
    ask: (asked, timeoutMs) => askDecision(connection, asked, timeoutMs),
    findStored: stored.find,
    config,
    metrics: ingestMetricsOf(metrics),
    log,
  });
  const producerOf = (request: { identity: { sub: string } | undefined; ip: string }) =>
    request.identity?.sub ?? request.ip;
  registerIngestRoutes(app, { ...options, authorize, producerOf, decide });
  const intake = serveIntake(connection, options);
  const endTicks = startTicks({ append: (entries) => appender.append(entries), clock, log });
  return () => {
    endTicks();
    intake.stop();
    processor.stop();
  };
}

async function addApi(
  { config, parts, log, metrics, clock, brief }: RoleContext,
  app: HttpServer,
  connection: StreamConnection,
  appender: EventAppender,
  auth: TokenAuthority,
  logged: LoggedAnswers,
): Promise<Undo> {
  const store = await openStore({ ...parts.store, log });
  const sources = createStoreSources(store, connection);
  const hub = createLiveHub({ sources, clock, log, metrics: createHubMetrics(metrics) });
  if (brief.serves.includes('ingest')) hub.watchFrames(logged);
  await registerApiRoutes(app, {
    store,
    connection,
    hub,
    auth,
    config,
    clock,
    metrics,
    collectMetrics: () => collectMetrics(connection, METRICS_TIMEOUT_MS),
    personas: DEMO_PERSONAS,
  });
  registerLiveSocket(app, {
    hub,
    sources,
    auth,
    submitEvent: submitFeedback({ appender, config, clock }),
    config,
    clock,
    metrics,
  });
  // Events are taken in even while the store is away; until the hub follows, sockets are told to try again.
  const following = hub
    .start()
    .catch((error: unknown) => log.error({ err: error }, 'the live hub cannot follow the log'));
  await Promise.race([following, pause(HUB_WAIT_MS)]);
  return async () => {
    await hub.stop();
    await store.close();
  };
}
