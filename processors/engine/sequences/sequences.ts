/**
 * Sequences on an event's way: which patterns it is a step of or breaks (`plan`, while it is judged), whether it ends one
 * (`read`), and its entry into them (`commit`). Patterns of the live and of a staged rule set are followed alike; only
 * the live one's are read.
 */
import { HOUR_MS } from '../../../core/clock.ts';
import type { EngineSettings } from '../../../core/codec/entry.ts';
import type { WeirEvent } from '../../../core/events/event.ts';
import { canonicalText } from '../../../rules/language/canonical.ts';
import type { NamedKey, Requirement } from '../../../rules/requirement.ts';
import { type EventKeys, KEY_INDEX } from '../event-keys.ts';
import { PATTERNS_MAX } from '../limits.ts';
import type { Slab } from '../memory/slab.ts';
import { createPattern, gapsOf, type Pattern, type PatternType, stepsOf } from './pattern.ts';
import { SequenceStore, type SequenceStoreHead } from './sequence-store.ts';

export interface SequencesHead {
  readonly store: SequenceStoreHead;
  readonly ids: readonly (readonly [string, number])[];
  readonly nextId: number;
}

const PATTERN_TYPES: readonly PatternType[] = ['transaction', 'location', 'label'];
/** How long a key is kept beyond what its pattern reaches, so that clocks that differ lose nothing. */
const IDLE_SPARE_MS = HOUR_MS;

export class Sequences {
  readonly store: SequenceStore;
  #ids = new Map<string, number>();
  #nextId = 1;
  #patterns: Pattern[] = [];
  readonly #byId = new Map<number, Pattern>();
  #ofType = new Map<string, readonly number[]>();
  #reads: { readonly index: number; readonly slot: number }[] = [];
  /** Of the event that is being judged, by pattern: whether it enters, as what, and the cell (0 where there is none). */
  #enters = new Uint8Array(0);
  #steps = new Uint32Array(0);
  #gaps = new Uint32Array(0);
  #cells = new Uint32Array(0);
  #planned = false;

  constructor(slab: Slab) {
    this.store = new SequenceStore(slab);
  }

  get patterns(): readonly Pattern[] {
    return this.#patterns;
  }

  /** Throws a `RangeError`, leaving the old ones, where there are too many. Patterns of neither are let go, bit by bit. */
  setRules(live: readonly Requirement[], staged: readonly Requirement[] = []): void {
    const bySignature = new Map<string, Pattern>();
    const reads: { index: number; slot: number }[] = [];
    let nextId = this.#nextId;
    for (const requirements of [live, staged]) {
      for (const requirement of requirements) {
        if (requirement.kind !== 'sequence') continue;
        const signature = canonicalText(requirement.params);
        let pattern = bySignature.get(signature);
        if (pattern === undefined) {
          pattern = createPattern(this.#ids.get(signature) ?? nextId++, requirement.params);
          bySignature.set(signature, pattern);
        }
        const slot = [...bySignature.keys()].indexOf(signature);
        if (requirements === live) reads.push({ index: requirement.index, slot });
      }
    }
    if (bySignature.size > PATTERNS_MAX) throw new RangeError(`rule sets may follow at most ${PATTERNS_MAX} sequences`);
    this.#patterns = [...bySignature.values()];
    this.#ids = new Map([...bySignature].map(([signature, { id }]) => [signature, id]));
    this.#nextId = nextId;
    this.#reads = reads;
    this.#byId.clear();
    for (const pattern of this.#patterns) this.#byId.set(pattern.id, pattern);
    this.#ofType = new Map(
      PATTERN_TYPES.map((type) => [type, this.#patterns.flatMap((one, slot) => (one.types.has(type) ? [slot] : []))]),
    );
    const size = this.#patterns.length;
    this.#enters = new Uint8Array(size);
    this.#steps = new Uint32Array(size);
    this.#gaps = new Uint32Array(size);
    this.#cells = new Uint32Array(size);
    this.#planned = false;
  }

  /** What the event is to each pattern. One that is late for its customer or for the key enters none. */
  plan(event: WeirEvent, keys: EventKeys, late: boolean, allowedLatenessMs: number): void {
    if (this.#planned) this.#enters.fill(0);
    this.#planned = false;
    if (late || this.#patterns.length === 0) return;
    const slots = this.#ofType.get(event.type);
    if (slots === undefined) return;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as number;
      const pattern = this.#patterns[slot] as Pattern;
      if (!isComplete(keys, pattern.params.over)) continue;
      const type = event.type as PatternType;
      const steps = stepsOf(pattern, type, event.data);
      const gaps = gapsOf(pattern, type, event.data);
      if ((steps | gaps) === 0) continue;
      const cell = this.#cellAt(pattern, keys);
      if (event.timeMs < this.store.newestMs(cell) - allowedLatenessMs) continue;
      this.#planned = true;
      this.#enters[slot] = 1;
      this.#steps[slot] = steps;
      this.#gaps[slot] = gaps;
      this.#cells[slot] = cell;
    }
  }

  /** Throws where `commit` could not add its keys, and `more` besides. */
  assertRoom(more: number): void {
    if (this.#planned || more > 0) this.store.assertRoom(this.#patterns.length + more);
  }

  /** Writes true or false to `values` for each sequence that the event has the keys of. */
  read(event: WeirEvent, keys: EventKeys, values: unknown[]): void {
    for (let i = 0; i < this.#reads.length; i++) {
      const { index, slot } = this.#reads[i] as { index: number; slot: number };
      const pattern = this.#patterns[slot] as Pattern;
      if (!isComplete(keys, pattern.params.over)) continue;
      values[index] =
        this.#enters[slot] === 1 &&
        this.store.endsAt(pattern, this.#cells[slot] as number, event.timeMs, this.#steps[slot] as number);
    }
  }

  /** Stores what `plan` planned; all keys are interned. */
  commit(event: WeirEvent, keys: EventKeys, settings: EngineSettings, clockMs: number): void {
    if (!this.#planned) return;
    for (let slot = 0; slot < this.#patterns.length; slot++) {
      if (this.#enters[slot] !== 1) continue;
      const pattern = this.#patterns[slot] as Pattern;
      const { over, withinMs } = pattern.params;
      const cell =
        (this.#cells[slot] as number) ||
        this.store.findOrAdd(pattern, keyAt(keys, over, 0), keyAt(keys, over, 1), keyAt(keys, over, 2));
      const keepMs = withinMs + settings.allowedLatenessMs;
      const [steps, gaps] = [this.#steps[slot] as number, this.#gaps[slot] as number];
      this.store.insert(pattern, cell, event.timeMs, steps, gaps, keepMs, settings.historyEventsMax, clockMs);
    }
  }

  /** Once a frame, by the log's clock. */
  sweep(clockMs: number, allowedLatenessMs: number): void {
    this.store.sweep(this.#byId, clockMs, ({ params }) => params.withinMs + allowedLatenessMs + IDLE_SPARE_MS);
  }

  saveHead(): SequencesHead {
    return { store: this.store.saveHead(), ids: [...this.#ids], nextId: this.#nextId };
  }

  /** After the slab's words are in place, before `setRules`. */
  loadHead(head: SequencesHead): void {
    this.store.loadHead(head.store);
    this.#ids = new Map(head.ids);
    this.#nextId = head.nextId;
  }

  #cellAt({ id, params: { over } }: Pattern, keys: EventKeys): number {
    const [a, b, c] = [keyAt(keys, over, 0), keyAt(keys, over, 1), keyAt(keys, over, 2)];
    if (a === 0 || (b === 0 && over.length > 1) || (c === 0 && over.length > 2)) return 0;
    return this.store.find(id, a, b, c);
  }
}

function isComplete(keys: EventKeys, over: readonly NamedKey[]): boolean {
  for (let i = 0; i < over.length; i++) if (!keys.has(KEY_INDEX[over[i] as NamedKey])) return false;
  return true;
}

function keyAt(keys: EventKeys, over: readonly NamedKey[], i: number): number {
  const key = over[i];
  return key === undefined ? 0 : (keys.entities[KEY_INDEX[key]] as number);
}
