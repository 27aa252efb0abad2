import { describe, expect, it } from 'vitest';
import { decodeEntry } from '../../../core/codec/entry.ts';
import type { KpiDelta, OutcomeFrame } from '../../../core/outcomes/outcome.ts';
import { decodeOutcomeFrame } from '../../../core/outcomes/outcome-codec.ts';
import { createEngine, restoreEngine } from '../../../processors/engine/engine.ts';
import { PART_BYTES_MAX } from '../../../processors/engine/limits.ts';
import type { SavedState } from '../../../processors/engine/snapshots/saved-state.ts';
import {
  anEvent,
  aPayment,
  createScenario,
  encodeEntries,
  probeValues,
  rulesetEntry,
} from '../../support/engine/engine.ts';
import { engineLog } from '../../support/engine/engine-log.ts';
import { bytesOf } from '../../support/engine/saved-states.ts';

const BASE_MS = 1_780_000_000_000;

function run(
  frames: readonly Uint8Array[],
  restartAlways = false,
): { bytes: Uint8Array[]; digest: string; snapshot: SavedState } {
  let engine = createEngine();
  const bytes: Uint8Array[] = [];
  frames.forEach((frame, i) => {
    bytes.push(...engine.step(i + 1, frame));
    if (restartAlways) engine = restoreEngine(engine.snapshot());
  });
  return { bytes, digest: engine.stats().digest, snapshot: engine.snapshot() };
}

describe('the same log', () => {
  it('gives the same bytes twice, and with a restart after every frame', () => {
    const frames = engineLog(200, 1);
    const once = run(frames);
    const again = run(frames);
    const restarted = run(frames, true);
    expect(again.bytes).toEqual(once.bytes);
    expect(restarted.bytes).toEqual(once.bytes);
    expect(restarted.digest).toBe(once.digest);
    expect(Buffer.compare(bytesOf(restarted.snapshot), bytesOf(once.snapshot))).toBe(0);
    const kinds = new Set(once.bytes.flatMap((part) => decodeOutcomeFrame(part).outcomes.map(({ kind }) => kind)));
    expect([...kinds].sort()).toEqual([
      'accepted',
      'alert',
      'decision',
      'kpi',
      'offer',
      'poison',
      'ruleset',
      'withdrawn',
    ]);
  });

  it('in another order gives another digest', () => {
    const frames = engineLog(60);
    const swapped = [...frames.slice(0, 40), frames[41], frames[40], ...frames.slice(42)] as Uint8Array[];
    expect(run(swapped).digest).not.toBe(run(frames).digest);
  });
});

describe('figures', () => {
  it('equal a recount of the accepted events, by second and dimensions', () => {
    const parts = run(engineLog(250, 5)).bytes.map((bytes): OutcomeFrame => decodeOutcomeFrame(bytes));
    const outcomes = parts.flatMap((frame) => frame.outcomes);
    const sums = new Map<string, number[]>();
    const add = (cell: Omit<KpiDelta, 'kind'>) => {
      const key = [cell.secondMs, cell.businessLine, cell.channel, cell.region, cell.currency].join('|');
      const { transactions, volume, approved, declined, fees, costs, alerts, offers } = cell;
      const gained = [transactions, volume, approved, declined, fees, costs, alerts, offers];
      sums.set(
        key,
        gained.map((value, i) => value + (sums.get(key)?.[i] ?? 0)),
      );
      if (sums.get(key)?.every((value) => value === 0)) sums.delete(key);
    };
    for (const outcome of outcomes) if (outcome.kind === 'kpi') add(outcome);
    expect(sums.size).toBeGreaterThan(200);
    const none = { transactions: 0, volume: 0, approved: 0, declined: 0, fees: 0, costs: 0, alerts: 0, offers: 0 };
    const second = (timeMs: number) => timeMs - (((timeMs % 1_000) + 1_000) % 1_000);
    for (const outcome of outcomes) {
      if (outcome.kind === 'alert' || outcome.kind === 'offer') {
        const { businessLine, channel, region, currency } = outcome;
        add({
          ...none,
          secondMs: second(outcome.timeMs),
          businessLine,
          channel,
          region,
          currency,
          [`${outcome.kind}s`]: -1,
        });
      }
      if (outcome.kind !== 'accepted') continue;
      const entry = decodeEntry(outcome.entry);
      if (entry.kind !== 'event' || entry.event.type !== 'transaction') continue;
      const { data } = entry.event;
      add({
        ...none,
        secondMs: second(entry.event.timeMs),
        businessLine: data.businessLine ?? '',
        channel: data.channel ?? '',
        region: data.merchant?.city ?? '',
        currency: data.currency,
        transactions: -1,
        volume: -data.amount,
        approved: data.status === 'approved' ? -1 : 0,
        declined: data.status === 'declined' ? -1 : 0,
        fees: -(data.fee ?? 0),
        costs: -(data.cost ?? 0),
      } as Omit<KpiDelta, 'kind'>);
    }
    expect([...sums]).toEqual([]);
    const heads = parts.map(({ head }) => head);
    const accepted = outcomes.filter(({ kind }) => kind === 'accepted');
    expect(heads.reduce((sum, head) => sum + head.accepted, 0)).toBe(accepted.length);
    expect(heads.reduce((sum, head) => sum + head.late, 0)).toBe(
      accepted.filter((one) => 'late' in one && one.late).length,
    );
  });
});

describe('an entry that cannot be processed', () => {
  it('is told with its bytes, changes nothing, and its neighbours count', () => {
    const damaged = Uint8Array.of(1, 1, 0, 7);
    const payment = (id: string) => ({ kind: 'event', event: aPayment('c-1', BASE_MS, {}, { id }) }) as const;
    const scenario = createScenario().whenFrame(payment('a'), damaged, payment('b'));
    expect(scenario.outcomes().map(({ kind }) => kind)).toEqual([
      'accepted',
      'decision',
      'poison',
      'accepted',
      'decision',
      'kpi',
    ]);
    const poison = scenario.outcomes()[2];
    expect(poison).toMatchObject({ kind: 'poison', index: 1 });
    expect(poison?.kind === 'poison' && [...poison.entry]).toEqual([...damaged]);
  });

  it('leaves the state as if it had never come, wherever in the engine it fails', () => {
    let failing = false;
    const probe = probeValues([{ kind: 'travel' }], () => {
      if (failing) throw new Error('a rule set that fails');
    });
    const build = () => {
      const engine = createEngine(probe);
      engine.step(1, encodeEntries([rulesetEntry([])]));
      engine.step(
        2,
        encodeEntries([{ kind: 'event', event: aPayment('c-1', BASE_MS, { merchant: { id: 'm' } }, { id: 'a' }) }]),
      );
      return engine;
    };
    const disturbed = build();
    failing = true;
    const event = aPayment('c-new', BASE_MS, { merchant: { id: 'new' }, device: { id: 'new' } }, { id: 'b' });
    const [part] = disturbed.step(3, encodeEntries([{ kind: 'event', event }]));
    failing = false;
    expect(decodeOutcomeFrame(part as Uint8Array).outcomes).toMatchObject([
      { kind: 'poison', message: 'a rule set that fails' },
    ]);
    expect(disturbed.describeCustomer('c-new')).toBeUndefined();
    const undisturbed = build();
    expect({ ...disturbed.stats(), ...volatile(disturbed) }).toEqual({
      ...undisturbed.stats(),
      ...volatile(disturbed),
    });
    const [after] = disturbed.step(4, encodeEntries([{ kind: 'event', event }]));
    const [alone] = undisturbed.step(4, encodeEntries([{ kind: 'event', event }]));
    expect(after).toEqual(alone);
  });

  it('may be a rule set: the one before it stays', () => {
    const scenario = createScenario([]).givenRules([]);
    scenario.whenFrame(rulesetEntry([{ nonsense: true }], {}, 9));
    expect(scenario.outcomes()).toMatchObject([{ kind: 'poison' }]);
    expect(scenario.engine.stats().rulesetVersion).toBe(1);
    scenario.whenFrame(rulesetEntry([], { historyMs: 5 }, 9));
    expect(scenario.outcomes()).toMatchObject([{ kind: 'poison' }]);
  });

  it('may be a whole frame, and the log goes on behind it', () => {
    const engine = createEngine();
    const [part] = engine.step(1, Uint8Array.of(1, 2, 3));
    expect(decodeOutcomeFrame(part as Uint8Array).outcomes).toMatchObject([{ kind: 'poison', index: 0 }]);
    expect(engine.position).toBe(1);
    expect(() => engine.step(1, Uint8Array.of(1))).toThrow(RangeError);
  });
});

describe('an outcome frame', () => {
  it('too large for a message is split; the parts hold everything once, the last one is final and has the counts', () => {
    const note = 'ü'.repeat(900);
    const events = Array.from({ length: 900 }, (_, i) =>
      anEvent('label', `c-${i}`, BASE_MS, { transactionId: 'x', fraud: true, note: `${i} ${note}` }),
    );
    const engine = createEngine();
    const parts = engine.step(1, encodeEntries(events.map((event) => ({ kind: 'event', event }))));
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) expect(part.length).toBeLessThanOrEqual(PART_BYTES_MAX);
    const frames = parts.map((part) => decodeOutcomeFrame(part));
    expect(frames.map(({ head }) => [head.inputSeq, head.part, head.final, head.accepted])).toEqual(
      parts.map((_, i) => [1, i, i === parts.length - 1, i === parts.length - 1 ? 900 : 0]),
    );
    const indexes = frames.flatMap((frame) => frame.outcomes.map((outcome) => 'index' in outcome && outcome.index));
    expect(indexes).toEqual(events.map((_, i) => i));
  });

  it('is not made for ticks alone', () => {
    const scenario = createScenario().givenTick(BASE_MS);
    expect(scenario.heads()).toEqual([]);
    expect(scenario.engine.stats().clockMs).toBe(BASE_MS);
  });
});

function volatile(engine: { stats(): unknown }): object {
  const { frames, poison, position, answered, digest, frameDigest } = engine.stats() as Record<string, unknown>;
  return { frames, poison, position, answered, digest, frameDigest };
}
