/** Every HTTP answer of the api on real parts, against its own schema: decisions with their reasons, figures, rules, customers. */

import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AlertsAnswer } from '../../../api/schemas/alerts.ts';
import { CustomerAnswer } from '../../../api/schemas/customers.ts';
import { DecisionDetail, type ExplainedConditionView } from '../../../api/schemas/decisions.ts';
import { ReadyAnswer } from '../../../api/schemas/health.ts';
import { KpisAnswer } from '../../../api/schemas/kpis.ts';
import { NearbyAnswer } from '../../../api/schemas/nearby.ts';
import { Problem } from '../../../api/schemas/problem.ts';
import { QuarantineAnswer } from '../../../api/schemas/quarantine.ts';
import { RuleDocumentView, RulesAnswer, RuleVersionsAnswer } from '../../../api/schemas/rules.ts';
import type { EventOf } from '../../../core/events/event.ts';
import { type ApiStack, startApiStack } from '../../support/api-stack.ts';
import { until } from '../../support/until.ts';

const NOW = Date.now();
const MINUTE_MS = 60_000;

const velocity = (version: number, limit: number) => ({
  id: 'velocity',
  version,
  name: 'Many payments in ten minutes',
  on: ['transaction'],
  conditions: {
    all: [
      { fact: 'transaction', path: '$.channel', operator: 'equal', value: 'app' },
      {
        fact: 'window',
        params: { aggregate: 'count', over: 'customer', last: '10m' },
        operator: 'greaterThan',
        value: limit,
      },
    ],
  },
  event: { type: 'fraud', params: { action: 'review', score: 60, code: 'velocity', message: 'Many payments' } },
});
const large = {
  id: 'large',
  version: 4,
  name: 'A large amount',
  on: ['transaction'],
  conditions: { all: [{ fact: 'transaction', path: '$.amount', operator: 'greaterThan', value: 1_000_000 }] },
  event: { type: 'fraud', params: { action: 'decline', score: 90, code: 'large', message: 'Large' } },
};
const hotel = {
  id: 'hotel',
  version: 1,
  name: 'A hotel nearby',
  on: ['location'],
  conditions: {
    all: [
      {
        fact: 'nearby',
        params: { category: 'hotel', radiusM: 500 },
        path: '$.count',
        operator: 'greaterThan',
        value: 0,
      },
    ],
  },
  event: {
    type: 'offer',
    params: { campaignId: 'h', title: 'Stay', body: '{place.name}', reason: 'near', validFor: '2h', cooldown: '1h' },
  },
};

function payment(id: string, subject: string, agoMs: number): EventOf<'transaction'> {
  return {
    type: 'transaction',
    id,
    source: 'pos',
    subject,
    timeMs: NOW - agoMs,
    offsetMinutes: 480,
    receivedMs: NOW,
    data: {
      amount: 12_500,
      currency: 'CNY',
      kind: 'purchase',
      status: 'approved',
      channel: 'app',
      businessLine: 'B2C',
      merchant: { id: 'm-1', city: 'Shanghai' },
      fee: 75,
      cost: 30,
    },
  };
}

describe('the api', () => {
  let stack: ApiStack;
  beforeAll(async () => {
    stack = await startApiStack();
    await stack.activate(1, [velocity(1, 5), large]);
    await stack.activate(2, [velocity(2, 2), large, hotel]);
    await stack.startProcessor();
    stack.startSink();
    const place: EventOf<'place'> = {
      type: 'place',
      id: 'p-1',
      source: 'map',
      subject: 'hotel-1',
      timeMs: NOW - 60 * MINUTE_MS,
      offsetMinutes: 0,
      receivedMs: NOW,
      data: { name: 'Grand', category: 'hotel', lat: 31.23, lon: 121.47, discount: 10 },
    };
    const location: EventOf<'location'> = {
      type: 'location',
      id: 'l-1',
      source: 'phone',
      subject: 'c-1',
      timeMs: NOW - MINUTE_MS,
      offsetMinutes: 0,
      receivedMs: NOW,
      data: { lat: 31.2301, lon: 121.4701, accuracyM: 12, origin: 'gps' },
    };
    await stack.append([place]);
    await stack.append([1, 2, 3].map((n) => payment(`t-${n}`, 'c-1', (5 - n) * MINUTE_MS)));
    await stack.append([payment('t-other', 'c-2', MINUTE_MS), location]);
    await stack.settled();
  });
  afterAll(() => stack.close());

  async function get(schema: TSchema, path: string, role: Parameters<ApiStack['get']>[1] = 'analyst', sub?: string) {
    const { status, body, headers } = await stack.get(path, role, sub);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(Value.Errors(schema, body)).toEqual([]);
    return { body: body as never, headers };
  }

  it('explains a decision: what fired, and the first thing that kept a rule from firing', async () => {
    const { body } = await get(DecisionDetail, '/v1/decisions/t-3');
    const decision: DecisionDetail = body;
    expect(decision).toMatchObject({
      eventId: 't-3',
      customer: 'c-1',
      decision: 'review',
      score: 60,
      rulesetVersion: 2,
      amount: 12_500,
      reasons: [{ ruleId: 'velocity', ruleVersion: 2, code: 'velocity' }],
    });
    const [fired, missed] = ['velocity', 'large'].map((id) => decision.explanation.find(({ ruleId }) => ruleId === id));
    expect(fired).toMatchObject({ fired: true, ruleVersion: 2 });
    const window = fired?.conditions.children?.[1] as ExplainedConditionView;
    expect(window).toMatchObject({ fact: 'window', operator: 'greaterThan', actual: 3, wanted: 2, result: true });
    expect(missed).toMatchObject({ fired: false, firstFailure: { actual: 12_500, wanted: 1_000_000, result: false } });
    expect(decision.explanation.some(({ ruleId }) => ruleId === 'hotel')).toBe(false);
  });

  it('explains with the values of the moment of the decision, not of today', async () => {
    const { body } = await get(DecisionDetail, '/v1/decisions/t-1?source=pos');
    const rule = (body as DecisionDetail).explanation.find(({ ruleId }) => ruleId === 'velocity');
    expect(rule).toMatchObject({ fired: false, firstFailure: { fact: 'window', actual: 1, wanted: 2 } });
  });

  it.each([
    ['/v1/decisions/none', 'analyst', 404, 'decision.not_found'],
    ['/v1/decisions/t-1', 'app', 403, 'auth.forbidden'],
    ['/v1/decisions/t-1', 'ingest', 403, 'auth.forbidden'],
    ['/v1/rules/none', 'analyst', 404, 'rule.not_found'],
    ['/v1/rules/none/versions', 'analyst', 404, 'rule.not_found'],
    ['/v1/customers/none', 'analyst', 404, 'customer.not_found'],
    ['/v1/kpis?from=yesterday', 'manager', 400, 'request.invalid'],
    ['/v1/kpis?from=200&to=100', 'manager', 400, 'request.invalid'],
    ['/v1/kpis?from=0&to=1790000000000&step=second', 'manager', 400, 'request.invalid'],
    ['/v1/kpis?step=week', 'manager', 400, 'request.invalid'],
    ['/v1/kpis?by=customer', 'manager', 400, 'request.invalid'],
    ['/v1/kpis', 'app', 403, 'auth.forbidden'],
    ['/v1/alerts?cursor=x', 'analyst', 400, 'request.invalid'],
    ['/v1/alerts?limit=0', 'analyst', 400, 'request.invalid'],
    ['/v1/alerts', 'ingest', 403, 'auth.forbidden'],
    ['/v1/nearby?lat=91&lon=0', 'app', 400, 'request.invalid'],
    ['/v1/nearby?lat=1', 'app', 400, 'request.invalid'],
    ['/v1/quarantine', 'app', 403, 'auth.forbidden'],
  ] as const)('answers %s for %s with a problem', async (path, role, status, code) => {
    const answer = await stack.get(path, role);
    expect(answer.status).toBe(status);
    expect(Value.Check(Problem, answer.body)).toBe(true);
    expect(answer.body).toMatchObject({ code });
  });

  it('gives figures for a range, by step and dimension, with the position that they hold for', async () => {
    const from = new Date(NOW - 30 * MINUTE_MS).toISOString();
    for (const step of ['second', 'minute', 'hour', 'day', 'total']) {
      const { body } = await get(
        KpisAnswer,
        `/v1/kpis?from=${from}&to=${NOW + MINUTE_MS}&step=${step}&by=channel`,
        'manager',
      );
      const answer: KpisAnswer = body;
      const app = answer.series.filter(({ channel }) => channel === 'app');
      const sum = (name: 'transactions' | 'volume' | 'fees' | 'alerts'): number =>
        app.reduce((total, point) => total + point[name], 0);
      expect([sum('transactions'), sum('volume'), sum('fees'), sum('alerts')]).toEqual([4, 50_000, 300, 1]);
      expect(answer.position).toBe(stack.hub.position);
    }
    const total = await get(KpisAnswer, `/v1/kpis?from=${from}&to=${NOW + MINUTE_MS}&step=total`, 'manager');
    expect((total.body as KpisAnswer).series.find(({ currency }) => currency === 'CNY')).toMatchObject({
      customers: 2,
    });
  });

  it('gives the active rules with tags that change with them', async () => {
    const { body, headers } = await get(RulesAnswer, '/v1/rules');
    const answer: RulesAnswer = body;
    expect(answer.rulesetVersion).toBe(2);
    expect(answer.rules.map(({ id, version }) => `${id} ${version}`)).toEqual(['velocity 2', 'large 4', 'hotel 1']);
    const etag = headers.get('etag') ?? '';
    const again = await fetch(`${stack.url}/v1/rules`, {
      headers: { authorization: `Bearer ${stack.token('analyst')}`, 'if-none-match': etag },
    });
    expect(again.status).toBe(304);
    const rule = await get(RuleDocumentView, '/v1/rules/velocity');
    expect(rule.headers.get('etag')).not.toBe(etag);
    const versions = (await get(RuleVersionsAnswer, '/v1/rules/velocity/versions')).body as RuleVersionsAnswer;
    expect(versions.versions.map(({ version, rulesetVersion, author }) => [version, rulesetVersion, author])).toEqual([
      [2, 2, 'ana'],
      [1, 1, 'ana'],
    ]);
    const unchanged = (await get(RuleVersionsAnswer, '/v1/rules/large/versions')).body as RuleVersionsAnswer;
    expect(unchanged.versions).toMatchObject([{ version: 4, rulesetVersion: 1 }]);
  });

  it('gives alerts newest first, page by page', async () => {
    await stack.append([4, 5, 6].map((n) => payment(`t-${n}`, 'c-1', MINUTE_MS / n)));
    await stack.settled();
    const ids: string[] = [];
    let next: string | undefined;
    do {
      const { body } = await get(AlertsAnswer, `/v1/alerts?limit=2${next === undefined ? '' : `&cursor=${next}`}`);
      const page: AlertsAnswer = body;
      ids.push(...page.alerts.map(({ eventId }) => eventId));
      next = page.next;
    } while (next !== undefined);
    expect(ids).toEqual(['t-6', 't-5', 't-4', 't-3']);
  });

  it('shows a customer whole, and to themselves only', async () => {
    const { body } = await get(CustomerAnswer, '/v1/customers/c-1');
    const answer: CustomerAnswer = body;
    expect(answer.state.available).toBe(true);
    expect(answer.state).toMatchObject({ description: { customer: 'c-1' } });
    expect(answer.transactions[0]?.eventId).toBe('t-6');
    expect(answer.decisions).toHaveLength(6);
    expect(answer.locations).toMatchObject([{ eventId: 'l-1', lat: 31.2301, origin: 'gps' }]);
    expect(answer.offers).toMatchObject([{ campaignId: 'h', body: 'Grand', holds: true, place: { id: 'hotel-1' } }]);
    expect((await stack.get('/v1/customers/c-1', 'app', 'c-1')).status).toBe(200);
    expect((await stack.get('/v1/customers/c-1', 'app', 'c-2')).status).toBe(403);
    expect((await stack.get('/v1/customers/c-1', 'ingest')).status).toBe(403);
  });

  it('finds places nearby with the offers that the customer has there', async () => {
    const path = '/v1/nearby?lat=31.23&lon=121.471&category=hotel&radiusM=1000';
    const mine = (await get(NearbyAnswer, path, 'app', 'c-1')).body as NearbyAnswer;
    expect(mine.places).toMatchObject([
      { id: 'hotel-1', name: 'Grand', distanceM: 95, discount: 10, offers: [{ campaignId: 'h' }] },
    ]);
    const other = (await get(NearbyAnswer, path, 'app', 'c-2')).body as NearbyAnswer;
    expect(other.places).toMatchObject([{ id: 'hotel-1', offers: [] }]);
    const none = (await get(NearbyAnswer, '/v1/nearby?lat=31.23&lon=121.471&category=bank', 'app'))
      .body as NearbyAnswer;
    expect(none.places).toEqual([]);
  });

  it('gives an empty quarantine', async () => {
    expect((await get(QuarantineAnswer, '/v1/quarantine')).body).toEqual({ items: [] });
  });

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
