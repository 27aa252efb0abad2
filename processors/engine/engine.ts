/**
 * The engine: frames in, outcome frames out, nothing else. It reads no clock, draws no random number and does no I/O, so
 * the same log gives the same bytes, live, after a restart and years later (G4). An entry is judged first and committed
 * only when its outcomes are written: one that fails leaves no trace but a poison outcome, and the log goes on.
 */
import { decodeEntry } from '../../core/codec/entry.ts';
import { FrameItems } from '../../core/codec/frame.ts';
import { TransactionView } from '../../core/codec/transaction-view.ts';
import type { WeirEvent } from '../../core/events/event.ts';
import { OUTCOMES_OFFSET } from '../../core/outcomes/outcome-codec.ts';
import type { StagedStatus } from './activation/staged-rules.ts';
import { applyControl } from './apply-control.ts';
import { assertCommittable, commitEvent } from './commit-event.ts';
import { type CustomerDescription, describeCustomer } from './customers/describe-customer.ts';
import { type CompileRuleSet, EngineState } from './engine-state.ts';
import type { EngineStats } from './engine-stats.ts';
import { FramePrefetch } from './frame-prefetch.ts';
import { EventJudge } from './judge-event.ts';
import type { Judgement } from './judgement.ts';
import { PART_BYTES_MAX, POISON_MESSAGE_UNITS_MAX } from './limits.ts';
import { describeMemory } from './memory/describe-memory.ts';
import type { MemoryPart } from './memory/memory-report.ts';
import { KpiAccumulator } from './outcomes/kpi-accumulator.ts';
import { chainDigest, type Digest, digestText, foldDigest } from './outcomes/outcome-digest.ts';
import { OutcomeParts } from './outcomes/outcome-parts.ts';
import { writeOutcomes } from './outcomes/write-outcomes.ts';
import { EngineRestore } from './snapshots/engine-restore.ts';
import type { EngineSnapshot } from './snapshots/engine-snapshot.ts';
import { readManifest } from './snapshots/manifest.ts';
import { copyAll, fillFrom, type SavedState } from './snapshots/saved-state.ts';
import { setTimers } from './timers/fire-timers.ts';
import { type WindowContents, windowContents } from './windows/window-contents.ts';

export interface EngineOptions {
  /** How rule documents become a rule set; `rules/compile-rule-set.ts` unless a test says otherwise. */
  readonly compileRuleSet?: CompileRuleSet;
  /** Words of a snapshot's shard, as a power of two: 2^20 unless a test says otherwise. */
  readonly shardShift?: number;
}

export interface Engine {
  /**
   * Processes the frame at `seq` of EVENTS and returns the encoded parts of its outcome frame, empty when nothing came
   * of it. Throws a `RangeError` where `seq` does not come after the engine's position.
   */
  step(seq: number, frame: Uint8Array): readonly Uint8Array[];
  /** Sequence of the last frame that was processed, 0 before the first. */
  readonly position: number;
  /** Events that were neither repeated nor poison since the log began. */
  readonly accepted: number;
  /** Entries that could not be processed since the log began. */
  readonly poisoned: number;
  /**
   * Does about a millisecond of what a staged rule set still needs before it can go live; whether there is more. To be
   * called between frames, as often as there is time: it changes no outcome.
   */
  prepare(): boolean;
  /** The rule sets that are staged; the same array until one comes, is compiled or goes. No outcome tells of it. */
  readonly staged: readonly StagedStatus[];
  /** All state as bytes; `restoreEngine` continues from it byte for byte as this engine would. */
  snapshot(): SavedState;
  /**
   * The same without standing still: begun between two frames, copied a few pages at a time between later ones. `isStored` says
   * of a shard's name whether it can be referred to. One at a time; throws a `RangeError` where another is under way.
   */
  beginSnapshot(isStored: (shard: string) => boolean): EngineSnapshot;
  /** The customer that a subject resolves to now; a card's token resolves one that is an identifier which nobody linked. */
  customerOf(subject: string, cardToken?: string): string;
  /** What is known of a customer, by its id or any linked identifier. */
  describeCustomer(id: string): CustomerDescription | undefined;
  /**
   * What the windows of the live rule set hold whose series have these signatures, in pieces of at most `eventsMax` events:
   * what another engine's windows are filled with. The engine must not step meanwhile.
   */
  windowContents(signatures: ReadonlySet<string>, eventsMax: number): Iterable<WindowContents>;
  stats(): EngineStats;
  /** Where the memory of the state goes. Walks all of it. */
  memory(): readonly MemoryPart[];
}

export function createEngine(options: EngineOptions = {}): Engine {
  return new LogEngine(new EngineState(options.compileRuleSet, options.shardShift));
}

/** An engine that waits for the shards of its snapshot. Throws a `WeirError` `checkpoint.damaged` where the manifest is not whole. */
export function beginRestore(manifest: Uint8Array, options: EngineOptions = {}): EngineRestore<Engine> {
  const state = new EngineState(options.compileRuleSet, options.shardShift);
  const read = readManifest(manifest);
  return new EngineRestore(read, state.slab, () => {
    state.load(read);
    return new LogEngine(state);
  });
}

/** Throws a `WeirError` `checkpoint.damaged` where the snapshot is not whole. */
export function restoreEngine({ manifest, shards }: SavedState, options: EngineOptions = {}): Engine {
  return fillFrom(beginRestore(manifest, options), shards);
}

class LogEngine implements Engine {
  readonly #state: EngineState;
  readonly #judge: EventJudge;
  readonly #parts = new OutcomeParts();
  readonly #kpis = new KpiAccumulator();
  readonly #items = new FrameItems();
  readonly #view = new TransactionView();
  readonly #timerPoison = (bytes: Uint8Array, index: number, error: unknown) => this.#poison(bytes, index, error);
  readonly #prefetch: FramePrefetch;
  #head = { accepted: 0, duplicates: 0, late: 0 };
  #frameDigest = '';

  constructor(state: EngineState) {
    this.#state = state;
    this.#prefetch = new FramePrefetch(state);
    this.#judge = new EventJudge(state, this.#prefetch);
  }

  get position(): number {
    return this.#state.position;
  }

  get accepted(): number {
    return this.#state.counters.accepted;
  }

  get poisoned(): number {
    return this.#state.counters.poison;
  }

  step(seq: number, frame: Uint8Array): readonly Uint8Array[] {
    const state = this.#state;
    if (seq <= state.position) throw new RangeError(`frame ${seq} does not come after position ${state.position}`);
    this.#parts.clear();
    this.#kpis.clear();
    this.#head = { accepted: 0, duplicates: 0, late: 0 };
    state.stepping = seq;
    this.#split(frame);
    this.#prefetch.prepare(this.#items, this.#view);
    for (let index = 0; index < this.#items.count; index++) this.#process(frame, index);
    const { settings } = state.rules;
    state.lists.sweep();
    state.sweeper.sweep(state.live.kept, state.clockMs, settings.allowedLatenessMs, settings.historyMs);
    state.sequences.sweep(state.clockMs, settings.allowedLatenessMs);
    for (let i = 0; i < this.#kpis.count; i++) this.#parts.add(this.#kpis.at(i));
    state.position = seq;
    state.counters.frames++;
    this.#frameDigest = '';
    if (this.#parts.count === 0 && this.#head.duplicates === 0) return [];
    state.answered = seq;
    const parts = this.#parts.pack({
      inputSeq: seq,
      clockMs: state.clockMs,
      rulesetVersion: state.rules.version,
      ...this.#head,
    });
    this.#digest(parts);
    return parts;
  }

  prepare(): boolean {
    return this.#state.staged.prepare();
  }

  get staged(): readonly StagedStatus[] {
    return this.#state.staged.status;
  }

  snapshot(): SavedState {
    return copyAll(this.#state.beginSnapshot());
  }

  beginSnapshot(isStored: (shard: string) => boolean): EngineSnapshot {
    return this.#state.beginSnapshot(isStored);
  }

  customerOf(subject: string, cardToken?: string): string {
    return this.#state.identity.resolve(subject, cardToken);
  }

  describeCustomer(id: string): CustomerDescription | undefined {
    return describeCustomer(this.#state, id);
  }

  windowContents(signatures: ReadonlySet<string>, eventsMax: number): Iterable<WindowContents> {
    const { windows, entities, rules } = this.#state;
    const wanted = rules.plan.series.filter(({ signature }) => signatures.has(signature));
    return windowContents(windows, entities, new Map(wanted.map((series) => [series.id, series])), eventsMax);
  }

  stats(): EngineStats {
    const state = this.#state;
    return {
      ...state.counters,
      position: state.position,
      answered: state.answered,
      clockMs: state.clockMs,
      rulesetVersion: state.rules.version,
      warmingVersion: state.warming?.version ?? 0,
      stagedRulesets: state.staged.status.length,
      displacedRulesets: state.staged.displaced,
      customers: state.customers.count,
      entities: state.entities.count,
      merchants: state.merchants.count,
      places: state.places.count,
      lists: state.lists.count,
      series: state.rules.plan.series.length,
      partialSeries: state.live.partial(state.rules.settings, state.clockMs),
      windowKeys: state.windows.cells.count,
      evictedKeys: state.sweeper.removed,
      sequenceKeys: state.sequences.store.count,
      timers: state.absences.size,
      cutEvents: state.windows.cutEvents + state.sequences.store.cut,
      movingWindowsDisplaced: state.windows.hot.counts.displaced + state.windows.hot.bands.displaced,
      bytes: state.bytes,
      digest: digestText(state.digest),
      frameDigest: this.#frameDigest,
    };
  }

  memory(): readonly MemoryPart[] {
    return describeMemory(this.#state);
  }

  /** A frame that cannot be taken apart is poison as a whole. */
  #split(frame: Uint8Array): void {
    try {
      this.#items.find(frame);
      this.#view.enter(frame);
    } catch (error) {
      this.#poison(frame, 0, error);
    }
  }

  #process(frame: Uint8Array, index: number): void {
    const start = this.#items.starts[index] as number;
    const end = this.#items.ends[index] as number;
    const mark = this.#parts.count;
    let event: WeirEvent | undefined;
    let judgement: Judgement | undefined;
    try {
      const isViewed = !this.#state.rules.readsWholeTransaction && this.#view.load(start, end);
      if (isViewed) {
        event = this.#view.event;
      } else {
        const entry = decodeEntry(frame.subarray(start, end));
        if (entry.kind === 'event') event = entry.event;
        else applyControl(this.#state, entry, index, this.#parts, this.#kpis, this.#timerPoison);
      }
      if (event !== undefined) {
        judgement = this.#judge.judge(event, index, isViewed ? this.#view : undefined);
        if (!judgement.duplicate) {
          assertCommittable(this.#state, event, judgement);
          writeOutcomes(this.#parts, event, index, judgement, frame, start, end, this.#state.rules.version);
        }
      }
    } catch (error) {
      this.#parts.rollBack(mark);
      this.#poison(frame.subarray(start, end), index, error);
      return;
    }
    if (event === undefined || judgement === undefined) return;
    this.#commit(event, judgement);
    if (!judgement.duplicate && !judgement.late && this.#state.absences.isSetBy(event.type))
      setTimers(this.#state, event, judgement, frame.subarray(start, end));
  }

  #commit(event: WeirEvent, judgement: Judgement): void {
    if (judgement.duplicate) {
      this.#state.counters.duplicates++;
      this.#head.duplicates++;
      return;
    }
    commitEvent(this.#state, event, judgement);
    this.#head.accepted++;
    if (judgement.late) this.#head.late++;
    const { dimensions, decision } = judgement;
    if (event.type === 'transaction')
      this.#kpis.addTransaction(event.timeMs, dimensions, event.data, decision.value === 'approve' ? 0 : 1);
    for (const offer of judgement.offers.outcomes) this.#kpis.addOffer(event.timeMs, offer);
  }

  #poison(bytes: Uint8Array, index: number, error: unknown): void {
    this.#state.counters.poison++;
    const message = (error instanceof Error ? error.message : String(error)).slice(0, POISON_MESSAGE_UNITS_MAX);
    const entry = bytes.length > PART_BYTES_MAX / 2 ? bytes.subarray(0, PART_BYTES_MAX / 2) : bytes;
    this.#parts.add({ kind: 'poison', index, message, entry });
  }

  #digest(parts: readonly Uint8Array[]): void {
    const frame: Digest = [1, 2];
    for (const part of parts) foldDigest(frame, part, OUTCOMES_OFFSET);
    chainDigest(this.#state.digest, frame);
    this.#frameDigest = digestText(frame);
  }
}
