/** What the engine counts: every event that did not simply count, and every bound that was met, with its reason. */

export interface EngineCounters {
  frames: number;
  accepted: number;
  duplicates: number;
  /** Behind the allowed lateness of their customer: recorded, in no window. */
  late: number;
  /** Behind it for one other key: not in that key's windows only. */
  lateForKey: number;
  poison: number;
  decisions: number;
  alerts: number;
  offers: number;
  withdrawn: number;
  /** Events and timers on which shadow rules fired. */
  shadowed: number;
  /** Offer rules that fired and issued nothing, by reason. */
  offersHeldBack: { consent: number; cooldown: number; late: number; perEvent: number };
  /** Labels whose transaction is not in the customer's history. */
  labelsUnmatched: number;
  /** Identifiers that had events of their own when they were linked, merged into their customer. */
  customersMerged: number;
  timersSet: number;
  /** Parts of history put into windows, and those left aside: of another rule set, or not the next one. */
  fillParts: number;
  fillPartsIgnored: number;
  /** Rule sets whose windows were being filled and that gave way to others, were staged anew or were given up. */
  warmingsDropped: number;
  /** Timers that came due, whether or not what they waited for had come. */
  timersDue: number;
  /** Not set because there were too many, in all or of the customer. */
  timersRefused: number;
  /** Not set because they would have been due before the event that sets them came. */
  timersLate: number;
}

export interface EngineStats extends Readonly<EngineCounters> {
  readonly position: number;
  /** Newest position that gave an outcome frame. */
  readonly answered: number;
  readonly clockMs: number;
  readonly rulesetVersion: number;
  /** The rule set whose windows are being filled, 0 for none. */
  readonly warmingVersion: number;
  /** Rule sets that wait for their activation, and those that gave their place to others. */
  readonly stagedRulesets: number;
  readonly displacedRulesets: number;
  readonly customers: number;
  readonly entities: number;
  readonly merchants: number;
  readonly places: number;
  readonly lists: number;
  readonly series: number;
  /** Of them, those that do not hold all that they look back at. */
  readonly partialSeries: number;
  readonly windowKeys: number;
  /** Keys with events of a sequence. */
  readonly sequenceKeys: number;
  /** Timers that wait. */
  readonly timers: number;
  /** Events that a full window ring let go although a window could reach them (`historyEventsMax`). */
  readonly cutEvents: number;
  /** Window keys given back because nothing could reach them. */
  readonly evictedKeys: number;
  /**
   * Windows of distinct values and percentiles that made room for others where they take all the memory they may. Counted
   * since this engine was made, not since the log began: a restored one starts without such windows.
   */
  readonly movingWindowsDisplaced: number;
  /**
   * Memory of the state: blocks in use, free blocks among them, and the indexes that find ids and window keys. Then what
   * follows from the events of keys with many of them: sketches for estimates of distinct values, and what windows of distinct
   * values and percentiles keep from one read to the next.
   */
  readonly bytes: {
    readonly used: number;
    readonly free: number;
    readonly indexes: number;
    readonly sketches: number;
    readonly distinctWindows: number;
    readonly percentileWindows: number;
  };
  /** Chained over every outcome byte since the log began: equal digests mean equal outcomes. */
  readonly digest: string;
  /** Over the outcome bytes of the last frame alone; empty where it had none. */
  readonly frameDigest: string;
}

export function createCounters(): EngineCounters {
  return {
    frames: 0,
    accepted: 0,
    duplicates: 0,
    late: 0,
    lateForKey: 0,
    poison: 0,
    decisions: 0,
    alerts: 0,
    offers: 0,
    withdrawn: 0,
    shadowed: 0,
    offersHeldBack: { consent: 0, cooldown: 0, late: 0, perEvent: 0 },
    labelsUnmatched: 0,
    customersMerged: 0,
    fillParts: 0,
    fillPartsIgnored: 0,
    warmingsDropped: 0,
    timersSet: 0,
    timersDue: 0,
    timersRefused: 0,
    timersLate: 0,
  };
}
