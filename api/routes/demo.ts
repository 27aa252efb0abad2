/**
 * Sign-in without a password, for the demo world only. In production these routes do not exist: the caller does not
 * register them, so they answer 404 like any address that is not there.
 */
import { type Clock, SECOND_MS } from '../../core/clock.ts';
import { formatTime } from '../live/live-views.ts';
import { DemoAnswer, type DemoPersona, SignInAnswer, SignInBody } from '../schemas/demo.ts';
import { problemResponses } from '../schemas/problem.ts';
import { badParameter } from '../schemas/shared.ts';
import type { TokenAuthority } from '../token-authority.ts';
import type { TypedApp } from '../typed-app.ts';

const DEMO_TOKEN_SECONDS = 12 * 3_600;
const SIGN_IN_BYTES_MAX = 4_096;

export interface DemoOptions {
  readonly auth: TokenAuthority;
  readonly clock: Clock;
  readonly personas: readonly DemoPersona[];
}

export function registerDemoRoutes(app: TypedApp, { auth, clock, personas }: DemoOptions): void {
  const tags = ['demo'];
  app.get(
    '/v1/demo',
    { schema: { tags, summary: 'Whether the demo sign-in is on, and as whom', response: { 200: DemoAnswer } } },
    async () => ({ enabled: true as const, personas: [...personas] }),
  );
  app.post(
    '/v1/demo/sign-in',
    {
      bodyLimit: SIGN_IN_BYTES_MAX,
      schema: {
        tags,
        summary: 'A token for a role of the demo world',
        body: SignInBody,
        response: { 200: SignInAnswer, ...problemResponses(400, 413, 415) },
      },
    },
    async (request) => {
      const { role, customer } = request.body;
      if (role === 'app' && customer === undefined) {
        throw badParameter('customer', 'the role app is always a customer: say which');
      }
      const sub = role === 'app' && customer !== undefined ? customer : `demo-${role}`;
      const token = auth.sign({ role, sub, ttlSeconds: DEMO_TOKEN_SECONDS });
      return { token, role, sub, expiresAt: formatTime(clock.nowMs() + DEMO_TOKEN_SECONDS * SECOND_MS) };
    },
  );
}
