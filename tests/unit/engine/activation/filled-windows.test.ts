/** What fills a window, what does not, and what is told of it. */
import { describe, expect, it } from 'vitest';
import type { Entry, FillEntry } from '../../../../core/codec/entry.ts';
import { stageEntries } from '../../../../core/codec/stage-entries.ts';
import type { RulesetOutcome, WarmingOutcome } from '../../../../core/outcomes/outcome.ts';
import { restoreEngine } from '../../../../processors/engine/engine.ts';
import { anEvent, aPayment } from '../../../support/engine/engine.ts';
import {
  activation,
  Fed,
  fraud,
  inSmallParts,
  VERSION,
  WHOLE,
  warm,
  window,
} from '../../../support/engine/fed-engine.ts';

describe('a window that is filled', () => {
  const BASE_MS = 1_780_000_000_000;
  const velocity = [fraud('velocity', window({ aggregate: 'count', over: 'customer', last: '1d' }))];
  const byCustomer = 'transaction|customer|money|$.amount|{}';
  const paid = (subject: string, minutes: number): Entry => ({
    kind: 'event',
    event: aPayment(subject, BASE_MS + minutes * 60_000, { amount: 100 }),
  });
  const linked = (subject: string, ...links: string[]): Entry => ({
    kind: 'event',
    event: anEvent('profile', subject, BASE_MS, { links }),
  });
  const tick = (minutes: number): Entry => ({ kind: 'tick', timeMs: BASE_MS + minutes * 60_000 });
  const fill = (part: number, keys: string, times: number[], more: Partial<FillEntry> = {}): FillEntry => ({
    kind: 'fill',
    version: VERSION,
    part,
    windows: [{ series: byCustomer, cells: [{ keys: [keys], times, values: times.map(() => 100) }] }],
    ...more,
  });
  /** What the window holds of a customer. */
  const heldOf = (fed: Fed, customer: string) =>
    [...fed.engine.windowContents(new Set([byCustomer]), 1e6)].find(({ cell }) => cell.keys[0] === customer)?.cell;

  it('belongs to whom an identifier was linked to while it was filled', () => {
    const fed = new Fed([]);
    fed.tell(paid('phone:1', 0), paid('c-1', 1));
    // Those in the frame that begins it come with the history.
    const parts = inSmallParts(fed.beginWarming(velocity, VERSION, WHOLE, [paid('c-2', 1), paid('c-2', 2)]), 1);
    fed.tell(paid('phone:1', 2), linked('c-1', 'phone:1'), paid('phone:1', 3));
    for (const part of parts) fed.tell(part);
    fed.tell(activation('warm'));
    expect(heldOf(fed, 'c-1')?.times).toEqual([BASE_MS, 60_000, 60_000, 60_000]);
    expect(heldOf(fed, 'phone:1')).toBeUndefined();
    expect(heldOf(fed, 'c-2')?.times).toEqual([BASE_MS + 60_000, 60_000]);
  });

  it('holds every event of a key that comes in several pieces', () => {
    const fed = new Fed([]);
    for (let i = 0; i < 40; i++) fed.tell(...Array.from({ length: 100 }, (_, k) => paid('c-1', (i * 100 + k) / 10)));
    const parts = fed.beginWarming(velocity);
    expect(parts.length).toBeGreaterThan(1);
    fed.tell(paid('c-1', 401));
    for (const part of parts) fed.tell(part);
    fed.tell(activation('warm'));
    const reference = new Fed(velocity);
    for (let i = 0; i < 4_000; i++) reference.tell(paid('c-1', i / 10));
    reference.tell(paid('c-1', 401));
    expect(heldOf(fed, 'c-1')).toEqual(heldOf(reference, 'c-1'));
    expect(heldOf(fed, 'c-1')?.times).toHaveLength(4_001);
  });

  it('takes each part once and in order, leaves others aside, and refuses what is not sound', () => {
    const fed = new Fed([]);
    fed.tell(paid('c-1', 0));
    const ignored = () => fed.engine.stats().fillPartsIgnored;
    fed.tell(fill(0, 'c-1', [BASE_MS]));
    expect(ignored()).toBe(1);
    const [part] = fed.beginWarming(velocity);
    fed.tell({ ...(part as FillEntry), version: 9 });
    fed.tell({ ...(part as FillEntry), part: 1 });
    expect(ignored()).toBe(3);
    const before = fed.engine.snapshot();
    const unsound: FillEntry[] = [
      fill(0, '', [BASE_MS]),
      fill(0, 'c-1', []),
      fill(0, 'c-1', [BASE_MS, -1]),
      fill(0, 'c-1', [BASE_MS], { history: { position: 0.5, timeMs: 0, sinceBeginning: false } }),
      {
        ...fill(0, 'c-1', [BASE_MS]),
        windows: [{ series: byCustomer, cells: [{ keys: ['c-1', 'x'], times: [0], values: [1] }] }],
      },
      { ...fill(0, 'c-1', [BASE_MS]), windows: [{ series: byCustomer, cells: [{ keys: ['c-1'], times: [0] }] }] },
      { ...fill(0, 'c-1', [BASE_MS]), windows: {} } as unknown as FillEntry,
    ];
    for (const entry of unsound) expect(fed.tell(entry)).toMatchObject([{ kind: 'poison' }]);
    expect(fed.engine.stats()).toMatchObject({ fillParts: 0, windowKeys: restoreEngine(before).stats().windowKeys });
    fed.tell(part as FillEntry);
    fed.tell(part as FillEntry);
    expect(fed.engine.stats()).toMatchObject({ fillParts: 1, fillPartsIgnored: 4 });
    fed.tell(activation('warm'));
    expect(heldOf(fed, 'c-1')?.times).toEqual([BASE_MS]);
  });

  it('keeps a rule set from going live where it must be warm and is not, and says from where it counts where it may', () => {
    const fed = new Fed([]);
    fed.tell(tick(0), paid('c-1', 0));
    for (const part of stageEntries(VERSION, velocity)) fed.tell(part);
    const refusal = {
      kind: 'poison',
      message: expect.stringContaining('is not warm: 1 of its windows are not filled'),
    };
    expect(fed.tell(activation('warm'))).toMatchObject([refusal]);
    const [warming] = fed.tell(warm());
    expect(warming).toMatchObject({
      windows: [{ series: byCustomer, type: 'transaction', isKeyed: false, reachMs: 86_400_000 }],
    });
    const position = fed.engine.position + 1;
    fed.tell(tick(10), paid('c-1', 10));
    expect(fed.tell(activation('warm'))).toMatchObject([refusal]);
    expect(fed.engine.stats()).toMatchObject({ rulesetVersion: 1, warmingVersion: VERSION });
    const [live] = fed.tell(activation('any')) as RulesetOutcome[];
    expect(live?.coverage).toMatchObject({
      position,
      whole: false,
      windows: [
        { type: 'transaction', over: ['customer'], reachMs: 86_400_000, position, timeMs: BASE_MS, whole: false },
      ],
    });
    expect(heldOf(fed, 'c-1')?.times).toEqual([BASE_MS + 600_000]);
    // Not asked for, nothing is said: a log from before there was a choice gives the same bytes.
    for (const part of stageEntries(3, velocity)) fed.tell(part);
    expect(fed.tell(activation(undefined, 3))[0]).not.toHaveProperty('coverage');
  });

  it('is filled again where it was not whole, until its reach has gone by since', () => {
    const fed = new Fed([]);
    fed.tell(tick(0), paid('c-1', 0));
    for (const part of stageEntries(VERSION, velocity)) fed.tell(part);
    fed.tell(activation('any'));
    const coldAt = (minutes: number, version: number) => {
      fed.tell(tick(minutes));
      for (const part of stageEntries(version, velocity)) fed.tell(part);
      return (fed.tell(warm(version)) as WarmingOutcome[])[0]?.windows.length;
    };
    expect(coldAt(60, 3)).toBe(1);
    fed.restart();
    expect(coldAt(23 * 60, 4)).toBe(1);
    expect(coldAt(24 * 60, 5)).toBe(0);
    expect(fed.engine.stats().warmingVersion).toBe(0);
    expect(fed.tell(activation('warm', 5))).toMatchObject([
      { kind: 'ruleset', coverage: { whole: true, windows: [] } },
    ]);
    // Twice as far back is another matter.
    const longer = [fraud('longer', window({ aggregate: 'count', over: 'customer', last: '2d' }))];
    for (const part of stageEntries(6, longer)) fed.tell(part);
    expect(fed.tell(warm(6))).toMatchObject([{ windows: [{ reachMs: 2 * 86_400_000 }] }]);
  });

  it('says as much as its history where that does not go back as far as it looks', () => {
    const fed = new Fed([]);
    fed.tell(tick(0), paid('c-1', 0));
    const start = { position: 7, timeMs: BASE_MS - 3_600_000 };
    for (const part of fed.beginWarming(velocity, VERSION, { ...start, sinceBeginning: false })) fed.tell(part);
    const [live] = fed.tell(activation('warm')) as RulesetOutcome[];
    expect(live?.coverage).toMatchObject({
      position: 7,
      whole: false,
      windows: [start],
    });
  });

  it('is let go where its rule set gives way, is staged anew, or is given up for an hour', () => {
    const fed = new Fed([]);
    fed.tell(tick(0), paid('c-1', 0));
    const keys = () => fed.engine.stats().windowKeys;
    const begin = (version: number) => {
      for (const part of fed.beginWarming(velocity, version))
        fed.tell({ ...part, history: undefined } as unknown as FillEntry);
      expect(fed.engine.stats()).toMatchObject({ warmingVersion: version });
    };
    begin(2);
    expect(keys()).toBe(1);
    begin(3);
    for (const part of stageEntries(3, velocity)) fed.tell(part);
    expect(fed.engine.stats()).toMatchObject({ warmingVersion: 0, warmingsDropped: 2 });
    begin(4);
    fed.tell(tick(60));
    expect(fed.engine.stats()).toMatchObject({ warmingVersion: 4 });
    fed.restart();
    fed.tell(tick(61));
    expect(fed.engine.stats()).toMatchObject({ warmingVersion: 0, warmingsDropped: 3 });
    begin(5);
    for (const version of [6, 7, 8, 9]) fed.tell(stageEntries(version, velocity)[0] as Entry);
    expect(fed.engine.stats()).toMatchObject({ warmingVersion: 0, warmingsDropped: 4 });
    fed.tell(tick(62));
    fed.tell(tick(63));
    expect(keys()).toBe(0);
  });
});
