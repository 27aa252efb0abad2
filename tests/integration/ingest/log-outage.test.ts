import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { type IntakeUnderTest, startIntake, transaction } from './intake-under-test.ts';

const APPEND_TIMEOUT_MS = 1_000;
let intake: IntakeUnderTest;

beforeAll(async () => {
  intake = await startIntake({ WEIR_APPEND_TIMEOUT_MS: String(APPEND_TIMEOUT_MS) });
});
afterAll(() => intake.stop());

it('answers 503 with Retry-After while the log is gone, goes on when it is back, and keeps what it accepted', async () => {
  const acceptedIds: string[] = [];
  const statuses = new Map<number, number>();
  let running = true;
  const producer = async () => {
    while (running) {
      const event = transaction();
      const { status, headers } = await intake.post(JSON.stringify(event));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 202) acceptedIds.push(event.id);
      else expect([status, Number(headers.get('retry-after')) > 0]).toEqual([503, true]);
    }
  };
  const producers = Promise.all(Array.from({ length: 8 }, producer));
  try {
    await until('events to be accepted', 10_000, () => acceptedIds.length > 100);

    await intake.killNats();
    const bad = intake.post(JSON.stringify(transaction({ amount: -1 })));
    await until('503 without the log', 10_000, () => (statuses.get(503) ?? 0) > 8);
    const down = await intake.post(JSON.stringify(transaction()));
    expect([down.status, down.body.code, down.body.accepted]).toEqual([503, 'log.unavailable', 0]);
    const refused = await bad;
    expect([refused.status, refused.body.code], 'without quarantine there is no refusal').toEqual([
      503,
      'log.unavailable',
    ]);

    await intake.restartNats();
    const before = acceptedIds.length;
    await until('events to be accepted again', 20_000, () => acceptedIds.length > before + 100);
  } finally {
    running = false;
    await producers;
  }
  const stored = new Set((await intake.events()).map(({ id }) => id));
  expect(acceptedIds.filter((id) => !stored.has(id))).toEqual([]);
});
