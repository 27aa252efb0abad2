/** Every HTTP answer of the api on real parts, against its own schema: decisions with their reasons, figures, rules, customers. */
import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AlertsAnswer } from '../../../api/schemas/alerts.ts';
import { CustomerAnswer } from '../../../api/schemas/customers.ts';
import { DecisionDetail, type ExplainedConditionView } from '../../../api/schemas/decisions.ts';
import { KpisAnswer } from '../../../api/schemas/kpis.ts';
import { NearbyAnswer } from '../../../api/schemas/nearby.ts';
import { Problem } from '../../../api/schemas/problem.ts';
import { QuarantineAnswer } from '../../../api/schemas/quarantine.ts';
import { RuleDocumentView, RulesAnswer, RuleVersionsAnswer } from '../../../api/schemas/rules.ts';
import type { ApiStack } from '../../support/api/api-stack.ts';
import { createCheckedGet, MINUTE_MS, NOW_MS, payment, startFilledStack } from '../../support/api/filled-stack.ts';

describe('the api', () => {
  let stack: ApiStack;
  beforeAll(async () => {
    stack = await startFilledStack();
  });
  afterAll(() => stack.close());
  const get = createCheckedGet(() => stack);

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
    const from = new Date(NOW_MS - 30 * MINUTE_MS).toISOString();
    for (const step of ['second', 'minute', 'hour', 'day', 'total']) {
      const { body } = await get(
        KpisAnswer,
        `/v1/kpis?from=${from}&to=${NOW_MS + MINUTE_MS}&step=${step}&by=channel`,
        'manager',
      );
      const answer: KpisAnswer = body;
      const app = answer.series.filter(({ channel }) => channel === 'app');
      const sum = (name: 'transactions' | 'volume' | 'fees' | 'alerts'): number =>
        app.reduce((total, point) => total + point[name], 0);
      expect([sum('transactions'), sum('volume'), sum('fees'), sum('alerts')]).toEqual([4, 50_000, 300, 1]);
      expect(answer.position).toBe(stack.hub.position);
    }
    const total = await get(KpisAnswer, `/v1/kpis?from=${from}&to=${NOW_MS + MINUTE_MS}&step=total`, 'manager');
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
});
