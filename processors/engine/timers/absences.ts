/**
 * What events set timers: for each `absence` that rules read, an event that fits `after` sets one of its own, due `for`
 * later by event time. It keeps the entry that set it, from which the rules are asked when it is due (`judge-timer.ts`). A timer
 * whose absence no rule reads any more is let go when it is due.
 */
import type { WeirEvent } from '../../../core/events/event.ts';
import { canonicalText } from '../../../rules/language/canonical.ts';
import type { AbsenceParams, Requirement } from '../../../rules/requirement.ts';
import type { CustomerTable } from '../customers/customer-table.ts';
import type { EngineCounters } from '../engine-stats.ts';
import { CUSTOMER, type EventKeys, KEY_INDEX } from '../event-keys.ts';
import { PATTERNS_MAX, SHADOW_TIMERS_MAX, TIMERS_MAX, TIMERS_PER_CUSTOMER_MAX } from '../limits.ts';
import type { Blobs } from '../memory/blobs.ts';
import type { Slab } from '../memory/slab.ts';
import { compileWhere, type Matches } from '../windows/where-clause.ts';
import { TimerQueue, type TimerQueueHead } from './timer-queue.ts';

export interface Absence {
  /** Stays the same for as long as any rule set reads it. */
  readonly id: number;
  /** `Requirement.index` and `Requirement.id` in the live rule set. */
  readonly index: number;
  readonly requirement: string;
  readonly params: AbsenceParams;
  readonly matches: Matches;
  /** Only shadow rules read it. */
  readonly isShadow: boolean;
}

export interface AbsencesHead {
  readonly queue: TimerQueueHead;
  readonly ids: readonly (readonly [string, number])[];
  readonly nextId: number;
  /** Timers of shadow rules among those that wait; absent in snapshots from before there were any. */
  readonly shadows?: number;
}

/** Marks the id of the absence in a timer that a shadow rule's event set: it counts against their own bound. */
const SHADOW_BIT = 0x8000_0000;

/** A timer that is due, with the entry that set it. */
export interface DueTimer {
  readonly absence: Absence;
  readonly dueMs: number;
  readonly customer: number;
  readonly entry: Uint8Array;
}

export class Absences {
  readonly #blobs: Blobs;
  readonly #queue: TimerQueue;
  #ids = new Map<string, number>();
  #nextId = 1;
  #shadows = 0;
  #byId = new Map<number, Absence>();
  #ofType = new Map<string, readonly Absence[]>();

  constructor(slab: Slab, blobs: Blobs) {
    this.#blobs = blobs;
    this.#queue = new TimerQueue(slab);
  }

  /** Timers that wait. */
  get size(): number {
    return this.#queue.size;
  }

  /** Throws a `RangeError`, leaving the old ones, where there are too many. `shadow`: those only shadow rules read. */
  setRules(requirements: readonly Requirement[], shadow: ReadonlySet<number>): void {
    const ids = new Map<string, number>();
    const byId = new Map<number, Absence>();
    let nextId = this.#nextId;
    for (const requirement of requirements) {
      if (requirement.kind !== 'absence') continue;
      const { index, params } = requirement;
      const signature = canonicalText(params);
      const id = this.#ids.get(signature) ?? nextId++;
      ids.set(signature, id);
      const matches = compileWhere(params.after.where);
      byId.set(id, { id, index, requirement: requirement.id, params, matches, isShadow: shadow.has(index) });
    }
    if (byId.size > PATTERNS_MAX) throw new RangeError(`a rule set may read at most ${PATTERNS_MAX} absences`);
    this.#ids = ids;
    this.#nextId = nextId;
    this.#byId = byId;
    const ofType = new Map<string, Absence[]>();
    for (const absence of byId.values()) {
      const { type } = absence.params.after;
      ofType.set(type, [...(ofType.get(type) ?? []), absence]);
    }
    this.#ofType = ofType;
  }

  /** Whether events of this type may set timers. */
  isSetBy(type: WeirEvent['type']): boolean {
    return this.#ofType.has(type);
  }

  /** Sets the timers of an event that was committed; `entry` are its bytes. Whoever came late sets none. */
  set(
    event: WeirEvent,
    keys: EventKeys,
    entry: Uint8Array,
    row: number,
    customers: CustomerTable,
    clockMs: number,
    counters: EngineCounters,
  ): void {
    const absences = this.#ofType.get(event.type);
    if (absences === undefined) return;
    for (const absence of absences) {
      const { params } = absence;
      if (!absence.matches(event.data) || !params.over.every((key) => keys.has(KEY_INDEX[key]))) continue;
      const dueMs = event.timeMs + params.forMs;
      if (dueMs <= clockMs) {
        counters.timersLate++;
      } else if (absence.isShadow ? this.#shadows >= SHADOW_TIMERS_MAX : this.#isFull(row, customers)) {
        counters.timersRefused++;
      } else {
        const customer = keys.entities[CUSTOMER] as number;
        const id = absence.isShadow ? (absence.id | SHADOW_BIT) >>> 0 : absence.id;
        this.#queue.add({ dueMs, absence: id, customer, blob: this.#blobs.addBytes(entry) });
        if (absence.isShadow) this.#shadows++;
        else customers.addTimers(row, 1);
        counters.timersSet++;
      }
    }
  }

  /** Takes the next timer that is due at `clockMs`, in the order of their times; undefined where there is none left. */
  takeDue(
    clockMs: number,
  ): { readonly customer: number; readonly isShadow: boolean; readonly due: DueTimer | undefined } | undefined {
    if (this.#queue.dueMs > clockMs) return undefined;
    const { dueMs, absence: marked, customer, blob } = this.#queue.take();
    const entry = this.#blobs.bytes(blob);
    this.#blobs.release(blob);
    const isShadow = marked >= SHADOW_BIT;
    if (isShadow) this.#shadows--;
    const absence = this.#byId.get(isShadow ? marked - SHADOW_BIT : marked);
    return { customer, isShadow, due: absence && { absence, dueMs, customer, entry } };
  }

  saveHead(): AbsencesHead {
    return { queue: this.#queue.saveHead(), ids: [...this.#ids], nextId: this.#nextId, shadows: this.#shadows };
  }

  /** After the slab's words are in place, before `setRules`. */
  loadHead(head: AbsencesHead): void {
    this.#queue.loadHead(head.queue);
    this.#ids = new Map(head.ids);
    this.#nextId = head.nextId;
    this.#shadows = head.shadows ?? 0;
  }

  #isFull(row: number, customers: CustomerTable): boolean {
    return this.#queue.size - this.#shadows >= TIMERS_MAX || customers.timers(row) >= TIMERS_PER_CUSTOMER_MAX;
  }
}
