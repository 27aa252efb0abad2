/** The api while parts of it are away: readiness that names them, and answers from what is left. */
import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CustomerAnswer } from '../../../api/schemas/customers.ts';
import { ReadyAnswer } from '../../../api/schemas/health.ts';
import type { ApiStack } from '../../support/api/api-stack.ts';
import { createCheckedGet, MINUTE_MS, payment, startFilledStack } from '../../support/api/filled-stack.ts';
import { until } from '../../support/until.ts';

describe('the api', () => {
  let stack: ApiStack;
  beforeAll(async () => {
    stack = await startFilledStack();
    await stack.append([4, 5, 6].map((n) => payment(`t-${n}`, 'c-1', MINUTE_MS / n)));
    await stack.settled();
  });
  afterAll(() => stack.close());
  const get = createCheckedGet(() => stack);

  it('is ready while its parts are, says which are not, and still shows a customer without the processor', async () => {
    const ready = async (): Promise<ReadyAnswer> => {
      const answer = await fetch(`${stack.url}/readyz`);
      const body = (await answer.json()) as ReadyAnswer;
      expect(Value.Errors(ReadyAnswer, body)).toEqual([]);
      expect(answer.status).toBe(body.ready ? 200 : 503);
      return body;
    };
    await until('ready', 10_000, async () => (await ready()).ready);
    expect((await ready()).parts.map(({ name }) => name)).toEqual(['log', 'store', 'processor', 'sink', 'live']);
    await stack.stopProcessor();
    await until('not ready', 10_000, async () => {
      const { parts } = await ready();
      return parts.find(({ name }) => name === 'processor')?.ready === false;
    });
    const { body } = await get(CustomerAnswer, '/v1/customers/c-1');
    expect((body as CustomerAnswer).state).toMatchObject({ available: false });
    expect((body as CustomerAnswer).decisions).toHaveLength(6);
    expect((await fetch(`${stack.url}/healthz`)).status).toBe(200);
  });

  it('answers without a store what it can, and says what it cannot', { timeout: 60_000 }, async () => {
    await stack.testStore.kill();
    const refused = await stack.get('/v1/alerts', 'analyst');
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: 'store.unavailable' });
    expect(refused.headers.get('retry-after')).toBe('1');
    const readiness = (await (await fetch(`${stack.url}/readyz`)).json()) as ReadyAnswer;
    expect(readiness.parts.find(({ name }) => name === 'store')?.ready).toBe(false);
    expect((await fetch(`${stack.url}/healthz`)).status).toBe(200);
    const metrics = await (await fetch(`${stack.url}/metrics`)).text();
    expect(metrics).toContain('weir_live_outcome_seq');
    await stack.testStore.restart();
    await until('the store again', 20_000, async () => (await stack.get('/v1/alerts', 'analyst')).status === 200);
  });
});
