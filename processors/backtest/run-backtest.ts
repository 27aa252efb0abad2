/**
 * What other rules would have done: the engine on the candidate's log (`candidate-log.ts`), from the checkpoint before the
 * range or from the log's first entry, its answers compared with those that were published. Reads only: nothing goes to the
 * log, the store or anybody's socket, and a running processor is not disturbed.
 */
import type { Logger } from 'pino';
import { DEFAULT_ENGINE_SETTINGS } from '../../core/codec/entry.ts';
import { WeirError } from '../../core/errors.ts';
import { decodeOutcomeFrame } from '../../core/outcomes/outcome-codec.ts';
import { requirementReaders } from '../../rules/facts/requirement-readers.ts';
import type { CheckpointStore } from '../../stream/checkpoints/checkpoint-store.ts';
import type { StreamConnection } from '../../stream/connection.ts';
import { findPosition } from '../../stream/log/find-position.ts';
import { logState, readAt, readLog } from '../../stream/log/log-reader.ts';
import { engineBefore } from '../checkpoints/engine-before.ts';
import { createEngine } from '../engine/engine.ts';
import { type LiveRules, liveRulesIn } from '../engine/snapshots/live-rules-in.ts';
import { openStoredAnswers, type StoredPart } from '../replay/stored-answers.ts';
import { CandidateLog } from './candidate-log.ts';
import { type Answer, Comparison, type ComparisonReport } from './comparison.ts';
import { KnownLabels } from './known-labels.ts';
import { type WindowCoverage, windowCoverage } from './window-coverage.ts';

export interface BacktestOptions {
  readonly connection: StreamConnection;
  readonly store: Pick<CheckpointStore, 'list' | 'open'>;
  /** The candidate: all of the rules that are live in it. */
  readonly documents: readonly unknown[];
  /** Positions in EVENTS, both included; `to` ends at what OUTCOMES answers. */
  readonly from: number;
  readonly to: number;
  /** Labels are looked for up to here, since they come after their transactions; `to` if that is later. */
  readonly labelsTo: number;
  /** The replay begins at least so long before `from`, by the log's time, where log and checkpoints reach so far back. */
  readonly warmUpMs: number;
  /** Examples of each kind of change. */
  readonly examplesMax: number;
  readonly log: Pick<Logger, 'warn'>;
  readonly onProgress?: (position: number) => void;
}

export interface BacktestReport extends ComparisonReport {
  readonly range: { readonly from: number; readonly to: number };
  readonly start: {
    /** The first position replayed. */
    readonly position: number;
    /** Position of the checkpoint it began with, 0 where it began empty. */
    readonly checkpoint: number;
    /** It began empty, and the log does not hold what came before: customers, histories and windows of then are not known. */
    readonly truncated: boolean;
  };
  /** Frames and entries that the engine went through, those before the range included. */
  readonly replayed: { readonly frames: number; readonly events: number };
  readonly windows: readonly WindowCoverage[];
  /** Labelled transactions of the range, and labels of others. */
  readonly labels: {
    readonly fraud: number;
    readonly legitimate: number;
    readonly unmatched: number;
    /** Labels that were too many to be held. */
    readonly leftOut: number;
  };
}

/**
 * Throws `log.truncated` where OUTCOMES no longer holds what was answered to `from`, `rule.invalid` where the engine does not
 * take the candidate, `log.unavailable` where the log does not answer.
 */
export async function runBacktest(o: BacktestOptions): Promise<BacktestReport> {
  const { connection } = o;
  const stored = await openStoredAnswers(connection);
  const to = Math.min(o.to, stored.answered);
  if (to < o.from) throw new WeirError('request.invalid', `nothing is answered in positions ${o.from} to ${o.to}`);
  if (!stored.isComplete && stored.oldest >= o.from)
    throw new WeirError(
      'log.truncated',
      `OUTCOMES begins within the answer to position ${stored.oldest}, the range at ${o.from}`,
    );
  const begin = await beginning(o);
  const { engine, live } = begin;
  const candidate = new CandidateLog(o.documents, live?.settings ?? DEFAULT_ENGINE_SETTINGS);
  const reading = new AbortController();
  try {
    const labels = await readLabels(stored.read(o.from, reading.signal), Math.max(to, o.labelsTo));
    const comparison = new Comparison(labels, o.examplesMax);
    const answers = new AnswersInOrder(stored.read(o.from, reading.signal));
    const replayed = { frames: 0, events: 0 };
    let replayedMs = 0;
    for await (const { seq, bytes } of readLog(connection, 'EVENTS', {
      fromSeq: begin.position,
      signal: reading.signal,
    })) {
      if (seq > to) break;
      if (seq <= o.from) replayedMs = (candidate.newestEventMs ?? 0) - (candidate.firstEventMs ?? 0);
      const { frame, added } = candidate.next(bytes);
      const parts = engine.step(seq, frame);
      if (added > 0) assertLive(parts, added);
      replayed.frames++;
      if (seq >= o.from) comparison.add(seq, await answers.to(seq), answerOf(parts, added));
      o.onProgress?.(seq);
      if (seq === to) break;
    }
    const { accepted, duplicates } = engine.stats();
    replayed.events = accepted + duplicates - begin.events;
    return {
      range: { from: o.from, to },
      start: { position: begin.position, checkpoint: begin.checkpoint, truncated: begin.truncated },
      replayed,
      ...comparison.report(),
      windows: windowCoverage(
        requirementReaders(o.documents),
        requirementReaders(live?.documents ?? []).map(({ requirement }) => requirement),
        replayedMs,
        begin.checkpoint === 0 && !begin.truncated,
      ),
      labels: { ...labels.counts, leftOut: labels.leftOut },
    };
  } finally {
    reading.abort();
  }
}

interface Beginning {
  readonly engine: ReturnType<typeof createEngine>;
  /** First position to replay. */
  readonly position: number;
  readonly checkpoint: number;
  readonly truncated: boolean;
  readonly live: LiveRules | undefined;
  /** Events that the engine had seen. */
  readonly events: number;
}

async function beginning(o: BacktestOptions): Promise<Beginning> {
  const { firstSeq } = await logState(o.connection, 'EVENTS');
  const before = o.warmUpMs === 0 ? o.from : await positionBefore(o);
  // After a checkpoint from before the log's beginning, frames would be missing.
  const saved = await engineBefore(o.store, before, o.log, (position) => position + 1 >= firstSeq);
  if (saved === undefined) {
    const truncated = firstSeq > 1;
    return { engine: createEngine(), position: firstSeq, checkpoint: 0, truncated, live: undefined, events: 0 };
  }
  const { engine, manifest } = saved;
  const { accepted, duplicates } = engine.stats();
  return {
    engine,
    position: engine.position + 1,
    checkpoint: engine.position,
    truncated: false,
    live: liveRulesIn(manifest),
    events: accepted + duplicates,
  };
}

/** A position that lies `warmUpMs` before `from`. */
async function positionBefore({ connection, from, warmUpMs }: BacktestOptions): Promise<number> {
  const first = await readAt(connection, 'EVENTS', from);
  if (first === undefined) throw new WeirError('log.truncated', `EVENTS does not hold position ${from}`);
  return findPosition(connection, 'EVENTS', first.appendedMs - warmUpMs);
}

async function readLabels(parts: AsyncIterator<StoredPart, undefined>, to: number): Promise<KnownLabels> {
  const labels = new KnownLabels();
  for (;;) {
    const { value } = await parts.next();
    if (value === undefined || value.head.inputSeq > to) break;
    labels.addPart(value.bytes);
  }
  await parts.return?.(undefined);
  return labels;
}

/** The engine writes down what it could not take. */
function assertLive(parts: readonly Uint8Array[], added: number): void {
  for (const part of parts)
    for (const outcome of decodeOutcomeFrame(part).outcomes)
      if (outcome.kind === 'poison' && outcome.index < added)
        throw new WeirError('rule.invalid', `the engine does not take these rules: ${outcome.message}`);
}

function answerOf(parts: readonly Uint8Array[], added: number): Answer {
  const frames = parts.map((part) => decodeOutcomeFrame(part));
  return {
    outcomes: frames.flatMap(({ outcomes }) => outcomes),
    duplicates: frames.reduce((sum, { head }) => sum + head.duplicates, 0),
    added,
  };
}

/** Answers one input position at a time; many positions have none. */
class AnswersInOrder {
  readonly #parts: AsyncIterator<StoredPart, undefined>;
  #next: StoredPart | undefined;

  constructor(parts: AsyncIterator<StoredPart, undefined>) {
    this.#parts = parts;
  }

  /** Ask for positions in their order. */
  async to(position: number): Promise<Answer> {
    const parts: Uint8Array[] = [];
    for (;;) {
      this.#next ??= (await this.#parts.next()).value;
      if (this.#next === undefined || this.#next.head.inputSeq > position) break;
      parts.push(this.#next.bytes);
      this.#next = undefined;
    }
    return answerOf(parts, 0);
  }
}
