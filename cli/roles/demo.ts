/** Role `demo`: lets the demo world live, as a producer like any other. */
import { join } from 'node:path';
import { createTokenAuthority } from '../../api/token-authority.ts';
import { WeirError } from '../../core/errors.ts';
import { runDemoFeed } from '../../loadtest/demo/run-demo-feed.ts';
import type { RoleContext, RunningRole } from './role.ts';

const TOKEN_TTL_SECONDS = 365 * 86_400;
const EVENTS_PER_SECOND = 30;

export async function startDemo({ config, parts, log, clock, brief }: RoleContext): Promise<RunningRole> {
  const { url } = brief;
  if (url === undefined) throw new WeirError('config.invalid', 'the demo needs a role with an HTTP server beside it');
  const token = createTokenAuthority(parts.jwtSecret).sign({
    role: 'ingest',
    sub: 'demo',
    ttlSeconds: TOKEN_TTL_SECONDS,
  });
  const ending = new AbortController();
  const done = runDemoFeed({
    baseUrl: url,
    token,
    eventsPerSecond: EVENTS_PER_SECOND,
    signal: ending.signal,
    clock,
    log,
    stateFile: join(config.WEIR_DATA_DIR, 'demo.json'),
  });
  return {
    done,
    async stop() {
      ending.abort();
      await done.catch(() => {});
    },
  };
}
