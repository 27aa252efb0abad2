/** A synchronous decision: the way of every event with an answer, the same one whenever it is asked again. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { startWeir, type WeirUnderTest } from '../support/weir/weir.ts';

let weir: WeirUnderTest;

beforeAll(async () => {
  weir = await startWeir({ env: { WEIR_DECISION_FALLBACK: 'decline' } });
});
afterAll(() => weir.stop());

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly retryAfter: string | null;
}

async function decide(event: unknown, query = '', role: 'ingest' | 'app' = 'ingest'): Promise<Answer> {
  const answer = await fetch(new URL(`/v1/decisions${query}`, weir.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${weir.token(role)}`, 'content-type': 'application/json' },
    body: typeof event === 'string' ? event : JSON.stringify(event),
  });
  return {
    status: answer.status,
    body: (await answer.json()) as Record<string, unknown>,
    retryAfter: answer.headers.get('retry-after'),
  };
}

/** The signal takes effect a moment after it was sent. */
async function stopInPlace(pid: number | undefined): Promise<void> {
  process.kill(pid as number, 'SIGSTOP');
  await until('the process to stand still', 20_000, () => / T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
}

const payment = (id: string, data: Record<string, unknown> = {}, envelope: Record<string, unknown> = {}) => ({
  type: 'transaction',
  id,
  source: 'pos',
  time: new Date().toISOString(),
  subject: `c-${id}`,
  ...envelope,
  data: { amount: 1_200, currency: 'CNY', ...data },
});

describe('POST /v1/decisions', () => {
  it('answers what was decided, and why, when it is stored', async () => {
    const quiet = await decide(payment('quiet'), '?timeoutMs=10000');
    expect(quiet).toMatchObject({
      status: 200,
      body: { eventId: 'quiet', decision: 'approve', score: 0, reasons: [], rulesetVersion: 1 },
    });
    expect(quiet.body).not.toHaveProperty('degraded');
    // Small payments on one card, seconds apart: somebody tries out a stolen card.
    let last: Answer | undefined;
    for (let i = 0; i < 12; i++) {
      const data = {
        amount: 100,
        status: 'declined',
        instrument: { type: 'credit_card', token: 'tok-1' },
        merchant: { id: `m-${i}` },
      };
      last = await decide(payment(`probe-${i}`, data, { subject: 'c-probe' }), '?timeoutMs=10000');
    }
    expect(last?.body.decision).not.toBe('approve');
    expect(last?.body.reasons).toEqual(
      expect.arrayContaining([expect.objectContaining({ ruleId: expect.any(String), code: expect.any(String) })]),
    );
    const stored = await until('the decision to be stored', 20_000, async () => {
      const answer = await fetch(new URL('/v1/decisions/probe-11', weir.url), {
        headers: { authorization: `Bearer ${weir.token('analyst')}` },
      });
      return answer.ok ? ((await answer.json()) as Record<string, unknown>) : undefined;
    });
    expect(stored).toMatchObject({
      decision: last?.body.decision,
      score: last?.body.score,
      reasons: last?.body.reasons,
    });
  });

  it('gives the same decision again: at once, from many callers, and after the processor was killed', async () => {
    const event = payment('again', { amount: 90_000_000 }, { timeoutMs: 10_000 });
    const first = await decide(event);
    expect(first.status).toBe(200);
    expect((await decide(event)).body).toEqual(first.body);
    const many = await Promise.all(Array.from({ length: 20 }, () => decide(event)));
    for (const one of many) expect(one.body).toEqual(first.body);
    weir.kill('processor');
    expect((await decide(event, '?timeoutMs=30000')).body).toEqual(first.body);
    // What is stored keeps the order of the log: behind this one, nothing of the other is still to come.
    await decide(payment('behind'), '?timeoutMs=30000');
    const rows = (id: string) => weir.select<{ n: number }>(`SELECT 1 AS n FROM transactions WHERE event_id = '${id}'`);
    await until('the one behind to be stored', 20_000, async () => (await rows('behind')).length > 0);
    expect(await rows('again')).toHaveLength(1);
  });

  it('reads it in the log, without a question to the processor', async () => {
    const asked = async (): Promise<number> => {
      const metrics = await (await fetch(new URL('/metrics', weir.url))).text();
      return Number(/^weir_ingest_decisions_asked_total(?:\{.*\})? (\d+)$/m.exec(metrics)?.[1]);
    };
    let batches = 0;
    // A machine that stands still for a while makes the gateway ask all the same.
    await until('decisions that nobody was asked for', 60_000, async () => {
      const before = await asked();
      const batch = batches++;
      for (let i = 0; i < 20; i++) {
        const one = await decide(payment(`read-${batch}-${i}`), '?timeoutMs=10000');
        expect(one).toMatchObject({ status: 200, body: { eventId: `read-${batch}-${i}`, decision: 'approve' } });
      }
      return (await asked()) === before;
    });
  });

  it('counts in windows as every event does, side by side with those that nobody waits for', async () => {
    const subject = 'c-mixed';
    const events = Array.from({ length: 30 }, (_, i) => payment(`mixed-${i}`, {}, { subject }));
    const bulk = fetch(new URL('/v1/events', weir.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${weir.token('ingest')}`, 'content-type': 'application/json' },
      body: JSON.stringify(events.slice(0, 20)),
    });
    const decided = await Promise.all(events.slice(20).map((event) => decide(event, '?timeoutMs=10000')));
    expect((await bulk).status).toBe(202);
    for (const one of decided) expect(one.status).toBe(200);
    const customer = await until('all of them to count', 10_000, async () => {
      const answer = await fetch(new URL(`/v1/customers/${subject}`, weir.url), {
        headers: { authorization: `Bearer ${weir.token('analyst')}` },
      });
      const { state } = (await answer.json()) as { state?: { description?: { transactionCount?: number } } };
      return state?.description?.transactionCount === 30 ? state.description : undefined;
    });
    expect(customer.transactionCount).toBe(30);
  });

  it('answers the fallback past its deadline, marked as degraded, and the event still counts', async () => {
    const { pids } = weir.run();
    await stopInPlace(pids.processor);
    try {
      const late = await decide(payment('late'), '?timeoutMs=300');
      expect(late).toMatchObject({
        status: 200,
        body: { eventId: 'late', decision: 'decline', degraded: true, reasons: [] },
      });
    } finally {
      process.kill(pids.processor as number, 'SIGCONT');
    }
    await until('the late event to be stored', 20_000, async () => {
      const [{ n = 0 } = {}] = await weir.select<{ n: number }>(
        "SELECT count() AS n FROM decisions WHERE event_id = 'late'",
      );
      return n === 1;
    });
  });

  it('refuses what is no single sound transaction, and who may not ask', async () => {
    const invalid = await decide(payment('bad', { amount: -1 }));
    expect(invalid).toMatchObject({ status: 400, body: { code: 'event.invalid' } });
    expect(JSON.stringify(invalid.body)).toContain('/data/amount');
    expect(await decide('{"type":')).toMatchObject({ status: 400, body: { code: 'event.not_json' } });
    const both = await decide([payment('one'), payment('two')]);
    expect(both).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
    const location = { ...payment('place'), type: 'location', data: { lat: 1, lon: 2 } };
    expect(await decide(location)).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
    for (const query of ['?timeoutMs=0', '?timeoutMs=x', '?timeoutMs=99999999'])
      expect(await decide(payment('never'), query)).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
    expect(await decide(payment('never', {}, { timeoutMs: 'soon' }))).toMatchObject({ status: 400 });
    expect((await decide(payment('never'), '', 'app')).status).toBe(403);
    const [{ n = -1 } = {}] = await weir.select<{ n: number }>(
      "SELECT count() AS n FROM transactions WHERE event_id IN ('one', 'two', 'never', 'bad')",
    );
    expect(n).toBe(0);
  });

  it('says that the log is away instead of deciding without it', async () => {
    const { pids } = weir.run();
    await stopInPlace(pids['nats-server']);
    try {
      const answer = await decide(payment('no-log'), '?timeoutMs=400');
      expect(answer).toMatchObject({ status: 503, body: { code: 'log.unavailable' } });
      expect(answer.retryAfter).not.toBeNull();
    } finally {
      process.kill(pids['nats-server'] as number, 'SIGCONT');
    }
  });
});
