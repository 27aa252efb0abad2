/** An engine whose rule sets are warmed, entry by entry, as `stream/rules/activate-rules.ts` does it through a log. */
import { DEFAULT_ENGINE_SETTINGS, type Entry, type FillEntry, type HistoryStart } from '../../../core/codec/entry.ts';
import { stageEntries } from '../../../core/codec/stage-entries.ts';
import type { Outcome, WarmingOutcome } from '../../../core/outcomes/outcome.ts';
import { decodeOutcomeFrame } from '../../../core/outcomes/outcome-codec.ts';
import { createEngine, type Engine, restoreEngine } from '../../../processors/engine/engine.ts';
import { PastWindows } from '../../../processors/warm/past-windows.ts';
import { encodeEntries, rulesetEntry } from './engine.ts';

export const VERSION = 2;
export const WHOLE: HistoryStart = { position: 1, timeMs: 0, sinceBeginning: true };

export const window = (params: Record<string, unknown>) => ({
  fact: 'window',
  params,
  operator: 'greaterThan',
  value: 2,
});
export const fraud = (id: string, ...conditions: unknown[]) => ({
  id,
  version: 1,
  name: id,
  on: ['transaction'],
  // All of them are looked at, and what they read is in the decision.
  conditions: { any: conditions },
  event: { type: 'fraud', params: { action: 'score', score: 5, code: id, message: id } },
});
export const activation = (windows?: 'warm' | 'any', version = VERSION): Entry => ({
  kind: 'activate',
  version,
  settings: DEFAULT_ENGINE_SETTINGS,
  author: 'test',
  comment: '',
  ...(windows && { windows }),
});
export const warm = (version = VERSION): Entry => ({ kind: 'warm', version, settings: DEFAULT_ENGINE_SETTINGS });
export const outcomesOf = (parts: readonly Uint8Array[]): Outcome[] =>
  parts.flatMap((part) => [...decodeOutcomeFrame(part).outcomes]);

/** An engine that is fed one frame after another, and keeps what it answered. */
export class Fed {
  engine: Engine;
  readonly answers: Uint8Array[] = [];
  constructor(documents: readonly unknown[]) {
    this.engine = createEngine();
    this.feed(encodeEntries([rulesetEntry(documents)]));
  }

  feed(frame: Uint8Array, seq = this.engine.position + 1): readonly Uint8Array[] {
    const parts = this.engine.step(seq, frame);
    this.answers.push(...parts);
    return parts;
  }

  tell(...entries: readonly Entry[]): Outcome[] {
    return outcomesOf(this.feed(encodeEntries(entries)));
  }

  restart(): void {
    this.engine = restoreEngine(this.engine.snapshot());
  }

  /** Stages and begins to warm; gives the parts that fill it, from all that was answered up to here. */
  beginWarming(
    documents: readonly unknown[],
    version = VERSION,
    history = WHOLE,
    [before, after]: readonly Entry[] = [],
  ): FillEntry[] {
    for (const part of stageEntries(version, documents)) this.tell(part);
    const outcomes = this.tell(...(before ? [before] : []), warm(version), ...(after ? [after] : []));
    const outcome = outcomes.find(({ kind }) => kind === 'warming');
    const past = new PastWindows(documents, DEFAULT_ENGINE_SETTINGS, (outcome as WarmingOutcome).windows);
    for (const part of this.answers) past.addPart(part);
    return [...past.parts(version, history)];
  }
}

/** Splits into parts of one cell each, so that events come between them. */
export function inSmallParts(parts: readonly FillEntry[], size: number): FillEntry[] {
  const cells = parts.flatMap(({ windows }) =>
    windows.flatMap(({ series, cells }) => cells.map((cell) => ({ series, cell }))),
  );
  const small: FillEntry[] = [];
  for (let i = 0; i < cells.length; i += size) {
    const windows = cells.slice(i, i + size).map(({ series, cell }) => ({ series, cells: [cell] }));
    small.push({ kind: 'fill', version: VERSION, part: small.length, windows });
  }
  return [...small, { kind: 'fill', version: VERSION, part: small.length, windows: [], history: WHOLE }];
}
