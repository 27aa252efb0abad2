/**
 * What one side did in the range, counted from its outcomes alone: the same counting for what was published and for what
 * the candidate makes of it, so that a difference between the two is never one of counting.
 */
import { DECISIONS, type DecisionOutcome, type DecisionValue, type Outcome } from '../../core/outcomes/outcome.ts';

/** Sums in minor units, by currency. */
export type Amounts = Readonly<Record<string, number>>;
type ByDecision<T> = Readonly<Record<DecisionValue, T>>;

/** A decision with what its transaction says. */
export interface Decided {
  readonly outcome: DecisionOutcome;
  readonly amount: number;
  readonly currency: string;
  /** Undefined where no label says. */
  readonly fraud: boolean | undefined;
}

export interface RuleCounts {
  /** Times it gave a reason, or an offer. */
  readonly fired: number;
  /** Times it fired as a shadow rule. */
  readonly shadow: number;
  /** Of the transactions it gave a reason for: labelled as fraud, and labelled as not. */
  readonly fraud: number;
  readonly legitimate: number;
}

export interface SideReport {
  readonly events: number;
  readonly duplicates: number;
  /** Entries that could not be processed. */
  readonly poison: number;
  readonly transactions: number;
  readonly decisions: ByDecision<number>;
  readonly amounts: ByDecision<Amounts>;
  /** Reviews and declines per decision; undefined without decisions. */
  readonly alertRate: number | undefined;
  readonly timerAlerts: number;
  readonly offers: number;
  readonly shadowed: number;
  readonly labelled: LabelledReport;
}

export interface LabelledReport {
  readonly fraud: ByDecision<number>;
  readonly legitimate: ByDecision<number>;
  readonly fraudAmounts: ByDecision<Amounts>;
  readonly legitimateAmounts: ByDecision<Amounts>;
  /** Of the labelled transactions that raised an alert, the share that is fraud. */
  readonly precision: number | undefined;
  /** Of the transactions labelled as fraud, the share that raised an alert. */
  readonly recall: number | undefined;
}

const NO_COUNTS: RuleCounts = { fired: 0, shadow: 0, fraud: 0, legitimate: 0 };

export class SideTally {
  readonly rules = new Map<string, RuleCounts>();
  #events = 0;
  #duplicates = 0;
  #poison = 0;
  #timerAlerts = 0;
  #offers = 0;
  #shadowed = 0;
  readonly #decisions = new Split();
  readonly #fraud = new Split();
  readonly #legitimate = new Split();

  /** The outcomes of one input frame; `decided` holds its decisions. */
  add(outcomes: readonly Outcome[], duplicates: number, decided: ReadonlyMap<number, Decided>): void {
    this.#duplicates += duplicates;
    for (const outcome of outcomes) {
      if (outcome.kind === 'accepted') this.#events++;
      else if (outcome.kind === 'poison') this.#poison++;
      else if (outcome.kind === 'offer') {
        this.#offers++;
        this.#count(outcome.ruleId, { fired: 1 });
      } else if (outcome.kind === 'shadow') {
        this.#shadowed++;
        for (const { ruleId } of outcome.rules) this.#count(ruleId, { shadow: 1 });
      } else if (outcome.kind === 'alert' && !decided.has(outcome.index)) {
        this.#timerAlerts++;
        for (const { ruleId } of outcome.reasons) this.#count(ruleId, { fired: 1 });
      }
    }
    for (const one of decided.values()) this.#addDecided(one);
  }

  report(): SideReport {
    const { counts } = this.#decisions;
    const transactions = DECISIONS.reduce((sum, value) => sum + counts[value], 0);
    const [fraud, legitimate] = [this.#fraud.counts, this.#legitimate.counts];
    const caught = fraud.review + fraud.decline;
    return {
      events: this.#events,
      duplicates: this.#duplicates,
      poison: this.#poison,
      transactions,
      decisions: counts,
      amounts: this.#decisions.amounts,
      alertRate: share(counts.review + counts.decline, transactions),
      timerAlerts: this.#timerAlerts,
      offers: this.#offers,
      shadowed: this.#shadowed,
      labelled: {
        fraud,
        legitimate,
        fraudAmounts: this.#fraud.amounts,
        legitimateAmounts: this.#legitimate.amounts,
        precision: share(caught, caught + legitimate.review + legitimate.decline),
        recall: share(caught, caught + fraud.approve),
      },
    };
  }

  #addDecided({ outcome, amount, currency, fraud }: Decided): void {
    this.#decisions.add(outcome.decision, amount, currency);
    if (fraud === true) this.#fraud.add(outcome.decision, amount, currency);
    else if (fraud === false) this.#legitimate.add(outcome.decision, amount, currency);
    for (const { ruleId } of outcome.reasons)
      this.#count(ruleId, { fired: 1, fraud: fraud === true ? 1 : 0, legitimate: fraud === false ? 1 : 0 });
  }

  #count(ruleId: string, more: Partial<RuleCounts>): void {
    const known = this.rules.get(ruleId) ?? NO_COUNTS;
    this.rules.set(ruleId, {
      fired: known.fired + (more.fired ?? 0),
      shadow: known.shadow + (more.shadow ?? 0),
      fraud: known.fraud + (more.fraud ?? 0),
      legitimate: known.legitimate + (more.legitimate ?? 0),
    });
  }
}

/** Undefined where there is nothing to take a share of. */
export function share(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole;
}

/** Counts and amounts by decision. */
class Split {
  readonly counts: Record<DecisionValue, number> = { approve: 0, review: 0, decline: 0 };
  readonly amounts: Record<DecisionValue, Record<string, number>> = { approve: {}, review: {}, decline: {} };

  add(decision: DecisionValue, amount: number, currency: string): void {
    const sums = this.amounts[decision];
    this.counts[decision]++;
    sums[currency] = (sums[currency] ?? 0) + amount;
  }
}
