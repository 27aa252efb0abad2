/** From where windows count, what is told of it, and which windows have to be filled. */
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../../core/codec/entry.ts';
import { stageEntries } from '../../../../core/codec/stage-entries.ts';
import type { RulesetCoverage, RulesetOutcome, WarmingOutcome } from '../../../../core/outcomes/outcome.ts';
import { aPayment } from '../../../support/engine/engine.ts';
import { activation, Fed, fraud, VERSION, warm, window } from '../../../support/engine/fed-engine.ts';

const BASE_MS = 1_780_000_000_000;
const DAY_MS = 86_400_000;
const count = (over: string, last: string, where = {}) => window({ aggregate: 'count', over, last, where });
const recency = { fact: 'recency', params: { over: 'device' }, operator: 'greaterThan', value: 3_600 };
const tick = (days: number): Entry => ({ kind: 'tick', timeMs: BASE_MS + days * DAY_MS });
const paid = (days: number): Entry => ({
  kind: 'event',
  event: aPayment('c-1', BASE_MS + days * DAY_MS, { amount: 1, device: { id: 'd-1' } }),
});

function stage(fed: Fed, version: number, ...conditions: unknown[]): void {
  for (const part of stageEntries(version, [fraud('rule', ...conditions)])) fed.tell(part);
}

/** What is told of a rule set that goes live with whatever its windows hold. */
function goLive(fed: Fed, version: number, ...conditions: unknown[]): RulesetCoverage | undefined {
  stage(fed, version, ...conditions);
  return (fed.tell(activation('any', version)) as RulesetOutcome[])[0]?.coverage;
}

/** The windows that would have to be filled. */
function coldOf(fed: Fed, version: number, ...conditions: unknown[]) {
  stage(fed, version, ...conditions);
  return (fed.tell(warm(version)) as WarmingOutcome[])[0]?.windows ?? [];
}

function started(): Fed {
  const fed = new Fed([]);
  fed.tell(tick(0), paid(0));
  return fed;
}

describe('coverage', () => {
  it('counts from the activation on where nothing was there, and as a whole from the latest of its windows', () => {
    const fed = started();
    const first = goLive(fed, 2, count('customer', '1d'));
    const firstAt = fed.engine.position;
    expect(first).toMatchObject({ position: firstAt, whole: false });
    fed.tell(tick(0.1), paid(0.1));
    const second = goLive(fed, 3, count('customer', '1d'), count('merchant', '1d'));
    expect(second?.position).toBe(fed.engine.position);
    expect(second?.windows.map(({ over, of, where, position }) => ({ over, of, where, position }))).toEqual([
      { over: ['customer'], of: '$.amount', where: {}, position: firstAt },
      { over: ['merchant'], of: '$.amount', where: {}, position: fed.engine.position },
    ]);
  });

  it('stays with a window that the next rule set reads as well', () => {
    const fed = started();
    goLive(fed, 2, count('customer', '1d'));
    const at = fed.engine.position;
    fed.tell(tick(0.5));
    expect(goLive(fed, 3, count('customer', '1d'))).toMatchObject({ position: at, whole: false });
    expect(fed.engine.stats()).toMatchObject({ partialSeries: 1 });
    fed.tell(tick(1));
    expect(fed.engine.stats()).toMatchObject({ partialSeries: 0 });
  });

  it('tells of a bounded number of windows, and how many there are beside them', () => {
    const conditions = Array.from({ length: 203 }, (_, i) => count('customer', '1d', { '$.fee': i }));
    const coverage = goLive(started(), 2, ...conditions);
    expect(coverage).toMatchObject({ whole: false, more: 3 });
    expect(coverage?.windows).toHaveLength(200);
  });

  it('is whole at the beginning of the log, where nothing can be missing', () => {
    const fed = new Fed([]);
    stage(fed, VERSION, count('customer', '30d'));
    expect(fed.tell(activation('warm'))).toMatchObject([{ kind: 'ruleset', coverage: { whole: true } }]);
  });

  it('that began before the first tick of the log, and behind events, is never taken for whole', () => {
    const fed = new Fed([]);
    fed.tell(paid(0));
    goLive(fed, 2, count('customer', '1d'));
    fed.tell(tick(30), paid(30));
    expect(fed.engine.stats()).toMatchObject({ partialSeries: 1 });
    expect(coldOf(fed, 3, count('customer', '1d'))).toHaveLength(1);
  });

  it('of what asks for the event before goes back as far as histories do', () => {
    const fed = started();
    expect(goLive(fed, 2, recency)).toMatchObject({ windows: [{ reachMs: 400 * DAY_MS, whole: false }] });
    fed.tell(tick(399));
    expect(coldOf(fed, 3, recency)).toHaveLength(1);
    fed.tell(tick(400));
    expect(coldOf(fed, 4, recency)).toHaveLength(0);
  });

  it('of a count does not serve what asks for the event before', () => {
    const fed = started();
    goLive(fed, 2, count('device', '1d'));
    fed.tell(tick(2));
    expect(coldOf(fed, 3, count('device', '1d'))).toHaveLength(0);
    expect(coldOf(fed, 4, recency)).toMatchObject([{ series: 'transaction|device|money|$.amount|{}' }]);
  });

  it('of a window that is filled only in part gives way to what is kept', () => {
    const fed = started();
    goLive(fed, 2, count('customer', '1d'));
    const keptFrom = fed.engine.position;
    fed.tell(tick(0.1), paid(0.1));
    expect(coldOf(fed, 3, count('customer', '1d'))).toHaveLength(1);
    fed.tell(tick(0.11), paid(0.11));
    expect((fed.tell(activation('any', 3)) as RulesetOutcome[])[0]?.coverage).toMatchObject({ position: keptFrom });
    const [held] = [...fed.engine.windowContents(new Set(['transaction|customer|money|$.amount|{}']), 10)];
    expect(held?.cell.times).toHaveLength(2);
  });
});
