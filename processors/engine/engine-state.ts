/**
 * All that the engine knows, in one place: what a snapshot saves and what a restored engine begins with. Nothing outside
 * this object outlives an entry.
 */

import type { ActivateEntry, EngineSettings, RulesetEntry, StageEntry, WarmEntry } from '../../core/codec/entry.ts';
import { hashString } from '../../core/hash.ts';
import { compileRuleSetInSlices } from '../../rules/compile-rule-set.ts';
import { drain } from '../../rules/compiler/evaluator.ts';
import { type Selectivity, UNMEASURED } from '../../rules/compiler/selectivity.ts';
import type { RuleSet } from '../../rules/ruleset.ts';
import { type ActiveRules, NO_RULES } from './activation/active-rules.ts';
import { type PreparedRules, prepareRules } from './activation/engine-needs.ts';
import { LiveWindows, type LiveWindowsHead, type LogMoment, type NextRules } from './activation/live-windows.ts';
import {
  type CompileInSlices,
  decodeDocuments,
  encodeDocuments,
  type RulesetTexts,
} from './activation/staged-rule-set.ts';
import { StagedRules } from './activation/staged-rules.ts';
import type { Warming } from './activation/warming.ts';
import { CustomerDetailsTable } from './customers/customer-details.ts';
import { CustomerTable } from './customers/customer-table.ts';
import { adoptHistories } from './customers/earlier-histories.ts';
import { History } from './customers/history.ts';
import { Identity, type IdentityHead } from './customers/identity.ts';
import { createCounters, type EngineCounters, type EngineStats } from './engine-stats.ts';
import { Blobs } from './memory/blobs.ts';
import type { RecordTableHead } from './memory/record-table.ts';
import { Slab } from './memory/slab.ts';
import { Sequences, type SequencesHead } from './sequences/sequences.ts';
import { EngineSnapshot, type KnownShard } from './snapshots/engine-snapshot.ts';
import type { Manifest } from './snapshots/manifest.ts';
import { SectionWriter } from './snapshots/sections.ts';
import { EntityTable } from './tables/entity-table.ts';
import { MerchantTable } from './tables/merchant-table.ts';
import { NamedLists, type NamedListsHead } from './tables/named-lists.ts';
import { PlaceIndex } from './tables/place-index.ts';
import { Absences, type AbsencesHead } from './timers/absences.ts';
import { CellSweeper } from './windows/cell-sweeper.ts';
import { WindowStore, type WindowStoreHead } from './windows/window-store.ts';

export type CompileRuleSet = (version: number, documents: readonly unknown[]) => RuleSet;

const BYTES_PER_WORD = 8;

/** A rule set that may go live. */
export interface ReadyRules {
  readonly prepared: PreparedRules;
  readonly texts: RulesetTexts;
  readonly next: NextRules;
}

interface SavedHead extends LiveWindowsHead {
  readonly position: number;
  readonly answered: number;
  readonly clockMs: number;
  readonly digest: readonly [number, number];
  readonly counters: EngineCounters;
  /** The live rule set, its documents in `rules.live.<part>`; null before the first. */
  readonly ruleset: { readonly version: number; readonly settings: EngineSettings; readonly parts: number } | null;
  /** The staged rule sets, their documents in `rules.staged.<version>.<part>`. */
  readonly staged: ReturnType<StagedRules['saveHead']>;
  readonly entities: RecordTableHead;
  readonly windows: WindowStoreHead;
  readonly sweeper: { readonly cursor: number; readonly removed: number };
  readonly identity: IdentityHead;
  readonly customers: RecordTableHead;
  readonly merchants: RecordTableHead;
  readonly places: RecordTableHead;
  readonly lists: NamedListsHead;
  readonly sequences: SequencesHead;
  readonly absences: AbsencesHead;
}

export class EngineState {
  position = 0;
  /** Sequence of the frame that is being processed. */
  stepping = 0;
  /** The newest position that gave an outcome frame. */
  answered = 0;
  clockMs = 0;
  /** Chained over every outcome byte. */
  readonly digest: [number, number] = [hashString('weir', 1), hashString('weir', 2)];
  counters: EngineCounters = createCounters();
  rules: ActiveRules = NO_RULES;
  readonly slab = new Slab();
  readonly blobs = new Blobs(this.slab);
  readonly entities = new EntityTable(this.slab);
  readonly customers = new CustomerTable(this.slab);
  readonly merchants = new MerchantTable(this.slab);
  readonly details = new CustomerDetailsTable(this.customers, this.blobs);
  readonly history = new History(this.slab, this.customers);
  readonly identity = new Identity(this.slab, this.entities);
  readonly windows = new WindowStore(this.slab);
  readonly sweeper = new CellSweeper(this.windows);
  readonly sequences = new Sequences(this.slab);
  readonly absences = new Absences(this.slab, this.blobs);
  readonly places = new PlaceIndex(this.slab, this.blobs);
  readonly lists = new NamedLists(this.slab, this.blobs);
  readonly staged: StagedRules;
  readonly live = new LiveWindows();
  readonly #compile: CompileInSlices;
  /** Documents of the live rule set. */
  #texts: RulesetTexts = [];
  #knownShards: (KnownShard | undefined)[] = [];

  /** `compile` stands in for the rule compiler, `shardShift` for the size of shards, in tests. */
  constructor(compile?: CompileRuleSet, shardShift?: number) {
    if (shardShift !== undefined) this.slab.cutInto(shardShift);
    this.#compile =
      compile === undefined
        ? // By what live traffic was like; it changes the order of work and no result.
          (version, documents) => prepared(compileRuleSetInSlices(version, documents, this.#measured()))
        : (version, documents) => prepared(inOneSlice(() => compile(version, documents)));
    this.staged = new StagedRules(this.#compile);
  }

  /** Throws where the rule set cannot be live. */
  compile({ version, documents, settings }: RulesetEntry): ReadyRules {
    const prepared = drain(this.#compile(version, documents));
    return { prepared, texts: [encodeDocuments(documents)], next: this.live.prepare(prepared, settings, this.#now()) };
  }

  /** Throws a `WeirError` `rule.invalid` where the part does not follow the one before. */
  stage(entry: StageEntry): void {
    this.staged.add(entry);
    const version = this.warming?.version;
    if (version !== undefined && (version === entry.version || this.staged.partsOf(version) === 0)) this.dropWarming();
  }

  /** Throws where the staged rule set cannot be live. */
  findStaged({ version, settings, windows }: ActivateEntry): ReadyRules {
    const { prepared, texts } = this.staged.find(version);
    const next = this.live.prepare(prepared, settings, this.#now());
    if (windows === 'warm') this.live.assertWarm(next, this.#now());
    return { prepared, texts, next };
  }

  /** Windows that the old rule set read and the new one reads keep their events. */
  goLive({ prepared, texts, next }: ReadyRules): void {
    const { requirements, shadowRequirements } = prepared.ruleSet;
    this.sequences.setRules(requirements);
    this.absences.setRules(requirements, shadowRequirements);
    this.live.goLive(next);
    this.#texts = texts;
    this.rules = next.rules;
  }

  get warming(): Warming | undefined {
    return this.live.warming;
  }

  /** Throws a `WeirError` `rule.invalid` where the rule set is not staged as a whole or does not compile. */
  planWarming(entry: WarmEntry): Warming {
    return this.live.plan(entry, this.staged.find(entry.version).prepared, this.#now());
  }

  /** In place of another. */
  warm(warming: Warming): void {
    if (this.warming !== undefined) this.dropWarming();
    this.live.warm(warming);
  }

  dropWarming(): void {
    this.live.drop();
    this.counters.warmingsDropped++;
  }

  #now(): LogMoment {
    return { position: this.stepping, clockMs: this.clockMs, isBeginning: this.counters.accepted === 0 };
  }

  #measured(): { selectivity: Selectivity } {
    return { selectivity: this.rules.ruleSet?.selectivity ?? UNMEASURED };
  }

  /** See `EngineStats`. */
  get bytes(): EngineStats['bytes'] {
    const free = this.slab.freeWords * BYTES_PER_WORD;
    const { sketches, counts, bands } = this.windows.hot;
    return {
      used: this.slab.top * BYTES_PER_WORD - free,
      free,
      indexes: this.entities.index.bytes + this.windows.cells.index.bytes,
      sketches: sketches.bytes,
      distinctWindows: counts.bytes,
      percentileWindows: bands.bytes,
    };
  }

  /**
   * Begins to save the state as it is now; `isStored` says of a shard's name whether it can be referred to, and without it
   * all is copied, and nothing remembered of it.
   */
  beginSnapshot(isStored?: (shard: string) => boolean): EngineSnapshot {
    const out = new SectionWriter();
    const head: SavedHead = {
      position: this.position,
      answered: this.answered,
      clockMs: this.clockMs,
      digest: this.digest,
      counters: this.counters,
      ruleset:
        this.rules.ruleSet === undefined
          ? null
          : { version: this.rules.version, settings: this.rules.settings, parts: this.#texts.length },
      staged: this.staged.saveHead(),
      ...this.live.saveHead(),
      entities: this.entities.saveHead(),
      windows: this.windows.saveHead(),
      sweeper: { cursor: this.sweeper.cursor, removed: this.sweeper.removed },
      identity: this.identity.saveHead(),
      customers: this.customers.saveHead(),
      merchants: this.merchants.saveHead(),
      places: this.places.saveHead(),
      lists: this.lists.saveHead(),
      sequences: this.sequences.saveHead(),
      absences: this.absences.saveHead(),
    };
    out.json('head', head);
    for (const [part, text] of this.#texts.entries()) out.bytes(`rules.live.${part}`, text);
    for (const { version, texts } of this.staged.sets)
      for (const [part, text] of texts.entries()) out.bytes(`rules.staged.${version}.${part}`, text);
    out.json('slab', this.slab.head());
    if (isStored === undefined) return new EngineSnapshot(this.position, this.slab, out, [], () => false);
    return new EngineSnapshot(this.position, this.slab, out, this.#knownShards, isStored);
  }

  /** When the slab's words are in place. Throws what compiling the saved rule set throws. */
  load({ sections: from, slab, shards, shardBytes, layouts }: Manifest): void {
    // The sections carry digests, and layouts that this version reads: their shape is known.
    const head = from.json('head') as SavedHead;
    const round = this.slab.nextRound();
    if (shardBytes === 2 ** this.slab.shardShift * BYTES_PER_WORD)
      this.#knownShards = shards.map((ref) => ({ ref, round }));
    this.position = head.position;
    this.answered = head.answered;
    this.clockMs = head.clockMs;
    [this.digest[0], this.digest[1]] = head.digest;
    // A snapshot of an earlier version lacks what is counted since.
    this.counters = { ...createCounters(), ...head.counters };
    this.live.loadHead(head);
    this.slab.findFree(slab);
    this.entities.loadHead(head.entities);
    this.windows.loadHead(head.windows, layouts.windows ?? 0);
    this.sweeper.cursor = head.sweeper.cursor;
    this.sweeper.removed = head.sweeper.removed;
    this.customers.loadHead(head.customers);
    if (layouts.customers === 1) adoptHistories(this.slab, this.customers);
    this.merchants.loadHead(head.merchants);
    this.identity.loadHead(head.identity);
    this.places.loadHead(head.places);
    this.lists.loadHead(head.lists);
    this.sequences.loadHead(head.sequences);
    this.absences.loadHead(head.absences);
    const texts = (name: string, parts: number): Uint8Array[] =>
      Array.from({ length: parts }, (_, part) => from.bytes(`rules.${name}.${part}`).slice());
    if (head.ruleset !== null) {
      const { version, settings, parts } = head.ruleset;
      const live = texts('live', parts);
      const prepared = drain(this.#compile(version, decodeDocuments(live)));
      this.goLive({ prepared, texts: live, next: this.live.prepare(prepared, settings, this.#now()) });
    }
    this.staged.load(head.staged, (version, held) => texts(`staged.${version}`, held));
    this.live.loadWarming(head, (version) => this.staged.find(version).prepared);
  }
}

function* prepared(slices: Generator<void, RuleSet>): Generator<void, PreparedRules> {
  return yield* prepareRules(yield* slices);
}

// biome-ignore lint/correctness/useYield: a generator of one slice.
function* inOneSlice(compile: () => RuleSet): Generator<void, RuleSet> {
  return compile();
}
