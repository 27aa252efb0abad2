import { afterAll, beforeAll, expect, it } from 'vitest';
import { ERROR_TITLES } from '../../../core/errors.ts';
import { type IntakeUnderTest, type Receipt, startIntake } from './intake-under-test.ts';
import { type MalformedCase, malformedCases } from './malformed-bodies.ts';

const SEED = 20_261_123;
const BODIES = 10_000;
const CLIENTS = 24;
let intake: IntakeUnderTest;

beforeAll(async () => {
  intake = await startIntake({
    WEIR_BODY_INFLATED_BYTES_MAX: String(2 * 1_048_576),
    WEIR_REQUESTS_PER_MINUTE_MAX: '1000000',
  });
});
afterAll(() => intake.stop());

/** What is wrong with an answer; `undefined` when nothing is. */
function complaint(test: MalformedCase, status: number, body: Receipt): string | undefined {
  const { kind, goodIds, bad } = test;
  const seen = `${kind}: ${status} ${JSON.stringify(body).slice(0, 400)}`;
  if (body.accepted !== goodIds.length) return `${seen}, should accept ${goodIds.length}`;
  if (goodIds.length > 0 && status !== 202) return `${seen}, should be 202`;
  if (bad !== undefined && body.rejected !== bad) return `${seen}, should reject ${bad}`;
  if (body.errors.length !== body.rejected) return `${seen}, counts differ`;
  if (kind === 'good') return undefined;
  if (goodIds.length === 0 && bad === undefined && ![400, 413, 415].includes(status))
    return `${seen}, should be refused`;
  const reasons =
    body.code === undefined ? body.errors : [{ ...body, message: JSON.stringify(body), pointer: '' }, ...body.errors];
  if (reasons.length === 0 && (bad ?? 1) > 0) return `${seen}, no reason`;
  for (const { code, message } of reasons) {
    if (!Object.hasOwn(ERROR_TITLES, code ?? '') || !/\S/.test(message)) return `${seen}, no reason`;
  }
  return undefined;
}

it(`refuses ${BODIES} malformed bodies with a reason each, and takes every good event among them once`, async () => {
  const complaints: string[] = [];
  const kinds = new Map<string, number>();
  const goodIds: string[] = [];
  let rejected = 0;
  const cases = malformedCases(SEED, BODIES);
  const client = async () => {
    for (const test of cases) {
      const { status, body } = await intake.post(test.body, test.headers);
      const wrong = complaint(test, status, body);
      if (wrong !== undefined) complaints.push(wrong);
      kinds.set(test.kind, (kinds.get(test.kind) ?? 0) + 1);
      goodIds.push(...test.goodIds);
      rejected += body.rejected;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));

  expect(complaints.slice(0, 10)).toEqual([]);
  expect([...kinds.values()].reduce((sum, n) => sum + n, 0)).toBe(BODIES);
  expect(kinds.get('gzip bomb')).toBeGreaterThan(10);
  expect(goodIds.length).toBeGreaterThan(5_000);
  expect((await intake.events()).map(({ id }) => id).sort()).toEqual([...goodIds].sort());
  const records = await intake.quarantined();
  expect(records).toHaveLength(rejected);
  expect(records.every(({ code, message }) => Object.hasOwn(ERROR_TITLES, code) && message !== '')).toBe(true);
  expect((await fetch(`${intake.url}/openapi.json`)).status).toBe(200);
}, 300_000);
