/**
 * Both sides of a backtest, input frame by input frame: what was published, and what the candidate makes of the same
 * frame. Decisions are paired by the entry that they are about, offers and alerts of timers by their ids.
 */
import { decodeEntry } from '../../core/codec/entry.ts';
import { WeirError } from '../../core/errors.ts';
import { DECISIONS, type DecisionOutcome, type DecisionValue, type Outcome } from '../../core/outcomes/outcome.ts';
import type { KnownLabels } from './known-labels.ts';
import { type Decided, type RuleCounts, type SideReport, SideTally } from './side-tally.ts';

/** What one side answered to one input frame. */
export interface Answer {
  readonly outcomes: readonly Outcome[];
  readonly duplicates: number;
  /** By so much the entries' indexes are higher than in the log. */
  readonly added: number;
}

export interface ExampleSide {
  readonly decision: DecisionValue;
  readonly score: number;
  readonly rules: readonly string[];
}

/** A decision that is another one, or an offer or alert that only one side has. */
export interface Example {
  readonly change: string;
  readonly eventId: string;
  readonly position: number;
  readonly customer: string;
  readonly live?: ExampleSide;
  readonly candidate?: ExampleSide;
}

export type Matrix = Readonly<Record<DecisionValue, Readonly<Record<DecisionValue, number>>>>;
export interface Exchange {
  readonly gained: number;
  readonly lost: number;
}

export interface ComparisonReport {
  readonly live: SideReport;
  readonly candidate: SideReport;
  readonly rules: readonly { readonly ruleId: string; readonly live: RuleCounts; readonly candidate: RuleCounts }[];
  readonly changes: {
    /** `matrix.approve.decline`: approved then, declined by the candidate. */
    readonly matrix: Matrix;
    /** Decisions that are another one. */
    readonly decisions: number;
    /** The same decision with another score or other reasons. */
    readonly reasons: number;
    /** Transactions that only one side decided: repeats that it could not know, or entries that it could not process. */
    readonly onlyLive: number;
    readonly onlyCandidate: number;
    readonly offers: Exchange;
    readonly timerAlerts: Exchange;
    readonly examples: readonly Example[];
  };
}

const NO_COUNTS: RuleCounts = { fired: 0, shadow: 0, fraud: 0, legitimate: 0 };
const emptyMatrix = () =>
  Object.fromEntries(DECISIONS.map((from) => [from, { approve: 0, review: 0, decline: 0 }])) as Record<
    DecisionValue,
    Record<DecisionValue, number>
  >;

export class Comparison {
  readonly #live = new SideTally();
  readonly #candidate = new SideTally();
  readonly #labels: KnownLabels;
  readonly #examplesMax: number;
  readonly #matrix = emptyMatrix();
  #reasons = 0;
  #onlyLive = 0;
  #onlyCandidate = 0;
  readonly #offers = { gained: 0, lost: 0 };
  readonly #timerAlerts = { gained: 0, lost: 0 };
  readonly #examples = new Map<string, Example[]>();

  /** `examplesMax` bounds the examples of each kind of change. */
  constructor(labels: KnownLabels, examplesMax: number) {
    this.#labels = labels;
    this.#examplesMax = examplesMax;
  }

  add(position: number, live: Answer, candidate: Answer): void {
    const after = this.#decided(candidate);
    const before = this.#decided(live, after, candidate.added - live.added);
    this.#live.add(live.outcomes, live.duplicates, before);
    this.#candidate.add(candidate.outcomes, candidate.duplicates, after);
    for (const [index, { outcome }] of before) {
      const other = after.get(index - live.added + candidate.added)?.outcome;
      this.#compare(position, outcome, other);
    }
    for (const [index, { outcome }] of after)
      if (!before.has(index - candidate.added + live.added)) this.#compare(position, undefined, outcome);
    this.#exchange(position, offersOf(live), offersOf(candidate), this.#offers, 'offer');
    this.#exchange(
      position,
      timerAlertsOf(live, before),
      timerAlertsOf(candidate, after),
      this.#timerAlerts,
      'timer alert',
    );
  }

  report(): ComparisonReport {
    const ids = [...new Set([...this.#live.rules.keys(), ...this.#candidate.rules.keys()])].sort();
    let decisions = 0;
    for (const from of DECISIONS) for (const to of DECISIONS) if (from !== to) decisions += this.#matrix[from][to];
    return {
      live: this.#live.report(),
      candidate: this.#candidate.report(),
      rules: ids.map((ruleId) => ({
        ruleId,
        live: this.#live.rules.get(ruleId) ?? NO_COUNTS,
        candidate: this.#candidate.rules.get(ruleId) ?? NO_COUNTS,
      })),
      changes: {
        matrix: this.#matrix,
        decisions,
        reasons: this.#reasons,
        onlyLive: this.#onlyLive,
        onlyCandidate: this.#onlyCandidate,
        offers: this.#offers,
        timerAlerts: this.#timerAlerts,
        examples: [...this.#examples.values()].flat(),
      },
    };
  }

  /**
   * The decisions of an answer by index, with amount and label of their transactions. `known` has already decided the same
   * transactions, their indexes higher by `shift`: most need not be decoded again.
   */
  #decided({ outcomes }: Answer, known?: ReadonlyMap<number, Decided>, shift = 0): Map<number, Decided> {
    const decided = new Map<number, Decided>();
    let accepted: Outcome | undefined;
    for (const outcome of outcomes) {
      // The decision about a transaction comes right behind it.
      if (outcome.kind === 'accepted') accepted = outcome;
      if (outcome.kind !== 'decision') continue;
      const same = known?.get(outcome.index + shift);
      if (same?.outcome.eventId === outcome.eventId && same.outcome.customer === outcome.customer) {
        decided.set(outcome.index, { ...same, outcome });
      } else {
        const fraud = this.#labels.of(outcome.eventId, outcome.customer);
        decided.set(outcome.index, { outcome, ...moneyOf(accepted, outcome.index), fraud });
      }
    }
    return decided;
  }

  #compare(position: number, live: DecisionOutcome | undefined, candidate: DecisionOutcome | undefined): void {
    if (live === undefined) this.#onlyCandidate++;
    else if (candidate === undefined) this.#onlyLive++;
    else {
      this.#matrix[live.decision][candidate.decision]++;
      if (live.decision === candidate.decision) {
        if (!isSame(live, candidate)) this.#reasons++;
        return;
      }
    }
    const about = live ?? (candidate as DecisionOutcome);
    this.#addExample({
      change: `${live?.decision ?? 'undecided'} → ${candidate?.decision ?? 'undecided'}`,
      eventId: about.eventId,
      position,
      customer: about.customer,
      ...(live && { live: sideOf(live) }),
      ...(candidate && { candidate: sideOf(candidate) }),
    });
  }

  #exchange(
    position: number,
    live: ReadonlyMap<string, Named>,
    candidate: ReadonlyMap<string, Named>,
    counts: { gained: number; lost: number },
    what: string,
  ): void {
    for (const [id, named] of live) {
      if (candidate.has(id)) continue;
      counts.lost++;
      this.#addExample({ change: `${what} lost`, position, ...named });
    }
    for (const [id, named] of candidate) {
      if (live.has(id)) continue;
      counts.gained++;
      this.#addExample({ change: `${what} gained`, position, ...named });
    }
  }

  #addExample(example: Example): void {
    const examples = this.#examples.get(example.change) ?? [];
    this.#examples.set(example.change, examples);
    if (examples.length < this.#examplesMax) examples.push(example);
  }
}

function moneyOf(accepted: Outcome | undefined, index: number): { amount: number; currency: string } {
  if (accepted?.kind !== 'accepted' || accepted.index !== index)
    throw new WeirError('internal', `the decision at index ${index} does not follow its event`);
  const entry = decodeEntry(accepted.entry);
  if (entry.kind !== 'event' || entry.event.type !== 'transaction')
    throw new WeirError('internal', `the decision at index ${index} is about no transaction`);
  const { amount, currency } = entry.event.data;
  return { amount, currency };
}

interface Named {
  readonly eventId: string;
  readonly customer: string;
}

/** An offer does not name its event; it goes by its own id. */
function offersOf({ outcomes }: Answer): Map<string, Named> {
  const offers = new Map<string, Named>();
  for (const outcome of outcomes)
    if (outcome.kind === 'offer') offers.set(outcome.offerId, { eventId: outcome.offerId, customer: outcome.customer });
  return offers;
}

function timerAlertsOf({ outcomes }: Answer, decided: ReadonlyMap<number, Decided>): Map<string, Named> {
  const alerts = new Map<string, Named>();
  for (const outcome of outcomes)
    if (outcome.kind === 'alert' && !decided.has(outcome.index))
      alerts.set(outcome.alertId, { eventId: outcome.eventId, customer: outcome.customer });
  return alerts;
}

function sideOf({ decision, score, reasons }: DecisionOutcome): ExampleSide {
  return { decision, score, rules: reasons.map(({ ruleId }) => ruleId) };
}

function isSame(a: DecisionOutcome, b: DecisionOutcome): boolean {
  return (
    a.score === b.score &&
    a.reasons.length === b.reasons.length &&
    a.reasons.every(
      ({ ruleId, ruleVersion }, i) => ruleId === b.reasons[i]?.ruleId && ruleVersion === b.reasons[i]?.ruleVersion,
    )
  );
}
