/** All HTTP routes of the api on one server, beside those of ingest. */
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { Clock } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import type { Store } from '../storage/open-store.ts';
import type { StreamConnection } from '../stream/connection.ts';
import { watchProgress } from '../stream/progress.ts';
import type { LiveHub } from './live/hub/live-hub.ts';
import { createReadiness } from './readiness.ts';
import { registerAlertRoutes } from './routes/alerts.ts';
import { registerCustomerRoutes } from './routes/customers.ts';
import { registerDecisionRoutes } from './routes/decisions.ts';
import { registerDemoRoutes } from './routes/demo.ts';
import { registerKpiRoutes } from './routes/kpis.ts';
import { registerNearbyRoutes } from './routes/nearby.ts';
import { registerOperationsRoutes } from './routes/operations.ts';
import { registerQuarantineRoutes } from './routes/quarantine.ts';
import { registerRuleRoutes } from './routes/rules.ts';
import type { DemoPersona } from './schemas/demo.ts';
import type { TokenAuthority } from './token-authority.ts';
import type { TypedApp } from './typed-app.ts';

export interface ApiOptions {
  readonly store: Store;
  readonly connection: StreamConnection;
  readonly hub: Pick<LiveHub, 'following' | 'lagFrames'>;
  readonly auth: TokenAuthority;
  readonly config: Pick<Config, 'NODE_ENV'>;
  readonly clock: Clock;
  readonly metrics: Registry;
  /** Metrics of all processes, this one among them, for `/metrics`. */
  readonly collectMetrics?: () => Promise<string>;
  /** Whom the demo sign-in offers; without it, or in production, there is no such sign-in. */
  readonly personas?: readonly DemoPersona[];
}

/** Add routes only to a server that has been awaited: `await createHttpServer(…)`. */
export async function registerApiRoutes(app: FastifyInstance, options: ApiOptions): Promise<void> {
  const { store, connection, hub, auth, clock, personas } = options;
  const progress = {
    processor: watchProgress(connection, 'processor'),
    standby: watchProgress(connection, 'standby'),
    sink: watchProgress(connection, 'sink'),
  };
  const readiness = createReadiness({
    isConnected: () => connection.isConnected(),
    pingStore: async (signal) => {
      await store.query('ping', 'SELECT 1 AS one', {}, { signal });
    },
    progress,
    hub,
  });
  app.addHook('onClose', async () => {
    for (const watch of Object.values(progress)) watch.stop();
  });
  await app.register(async (scope) => {
    const typed: TypedApp = scope.withTypeProvider();
    registerOperationsRoutes(typed, { ...options, readiness });
    registerDecisionRoutes(typed, { store });
    registerKpiRoutes(typed, { store, clock });
    registerRuleRoutes(typed, { store });
    registerAlertRoutes(typed, { store });
    registerCustomerRoutes(typed, { store, clock, request: connection.request });
    registerNearbyRoutes(typed, { store, clock });
    registerQuarantineRoutes(typed, { store });
    if (options.config.NODE_ENV !== 'production' && personas !== undefined) {
      registerDemoRoutes(typed, { auth, clock, personas });
    }
  });
}
