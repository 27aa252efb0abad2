/**
 * One evaluation's outcome. What rules did not fire, and what their conditions saw, is worked out when somebody asks:
 * most callers want the events alone. Facts must not be changed before that.
 */
import type { FactCalls, Facts } from '../compiler/read-slot.ts';
import { SlotFile } from '../compiler/slot-file.ts';
import type { Slot } from '../compiler/slot-table.ts';
import type { FactRead } from '../language/condition.ts';
import { conditionResult } from './condition-result.ts';
import type { ConditionResult, EvaluationResult, LibraryEvent, LibraryRuleResult } from './options.ts';
import type { LibraryRule } from './parse-rules.ts';

export interface SlotContext {
  readonly slots: readonly Slot[];
  readonly slotOf: ReadonlyMap<FactRead, number>;
}

/** What the rules of one priority saw. */
export interface Level {
  readonly rules: readonly LibraryRule[];
  readonly facts: Facts;
  readonly calls: FactCalls;
  /** Of each rule; undefined where its params name facts. */
  readonly events: readonly (LibraryEvent | undefined)[];
  /** Indexes into `rules`, ascending. */
  readonly fired: readonly number[];
}

const NO_VALUES: readonly unknown[] = Object.freeze([]);
const NUMERIC_NONE: ReadonlySet<number> = new Set();

export class Evaluation implements EvaluationResult {
  readonly events: LibraryEvent[] = [];
  readonly #levels: Level[] = [];
  readonly #context: SlotContext;
  #results: RuleResult[] | undefined;

  constructor(context: SlotContext) {
    this.#context = context;
  }

  add(level: Level): void {
    this.#levels.push(level);
    this.#results = undefined;
    const { fired, events, rules } = level;
    for (let i = 0; i < fired.length; i++) {
      const row = fired[i] as number;
      // The list of events spares a walk over the rules, which with thousands of hits is one cache miss after another.
      this.events.push(events[row] ?? eventOf(rules[row] as LibraryRule, level, this.#context));
    }
  }

  get failureEvents(): readonly LibraryEvent[] {
    return this.failureResults.map(({ event }) => event);
  }

  get results(): readonly LibraryRuleResult[] {
    return this.#all().filter(({ result }) => result);
  }

  get failureResults(): readonly LibraryRuleResult[] {
    return this.#all().filter(({ result }) => !result);
  }

  /** Every rule that was evaluated, in order. */
  #all(): readonly RuleResult[] {
    if (this.#results === undefined) {
      this.#results = this.#levels.flatMap((level) => {
        const fired = new Set(level.fired);
        return level.rules.map((rule, i) => new RuleResult(rule, level, fired.has(i), this.#context));
      });
    }
    return this.#results;
  }

  toJSON(): EvaluationResult {
    return {
      events: this.events,
      failureEvents: this.failureEvents,
      results: this.results,
      failureResults: this.failureResults,
    };
  }
}

export class RuleResult implements LibraryRuleResult {
  readonly name: unknown;
  readonly priority: number;
  readonly result: boolean;
  readonly event: LibraryEvent;
  readonly #rule: LibraryRule;
  readonly #level: Level;
  readonly #context: SlotContext;
  #conditions: ConditionResult | undefined;

  constructor(rule: LibraryRule, level: Level, result: boolean, context: SlotContext) {
    this.name = rule.name;
    this.priority = rule.priority;
    this.result = result;
    this.event = rule.paramReads.length === 0 ? rule.event : eventOf(rule, level, context);
    this.#rule = rule;
    this.#level = level;
    this.#context = context;
  }

  get conditions(): ConditionResult {
    if (this.#conditions === undefined) {
      const { condition, conditions } = this.#rule;
      this.#conditions = conditionResult(
        condition,
        conditions,
        readFrom(this.#level.facts, this.#level.calls, this.#context),
      );
    }
    return this.#conditions;
  }

  toJSON(): LibraryRuleResult {
    const { conditions, event, priority, name, result } = this;
    return { conditions, event, priority, name, result };
  }
}

/** Reads facts of an evaluation after the fact. */
export function readFrom(facts: Facts, calls: FactCalls, context: SlotContext): (read: FactRead) => unknown {
  const file = new SlotFile(context.slots, NUMERIC_NONE);
  file.begin(facts, NO_VALUES, calls);
  return (read) => {
    const slot = context.slotOf.get(read);
    if (slot === undefined) return undefined;
    file.load(slot);
    return file.s[slot];
  };
}

function eventOf(rule: LibraryRule, level: Level, context: SlotContext): LibraryEvent {
  const read = readFrom(level.facts, level.calls, context);
  const replaced = rule.paramReads.map(([name, fact]): [string, unknown] => [name, read(fact)]);
  const kept = Object.entries(rule.event.params ?? {});
  // fromEntries makes own members, whatever they are called.
  return { type: rule.event.type, params: Object.fromEntries([...kept, ...replaced]) };
}
