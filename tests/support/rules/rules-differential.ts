/** One rule set on one set of facts: the real json-rules-engine against Weir, generated code and interpreter both. */
import { deepStrictEqual } from 'node:assert';
import { Engine } from 'json-rules-engine';
import { compileRules, type EvaluationResult } from '../../../rules/compile-rules.ts';
import type { GeneratedRule } from './rules-arbitraries.ts';

const startsWith = (fact: unknown, value: unknown) => typeof fact === 'string' && fact.startsWith(String(value));
const length = (fact: unknown, value: unknown, next: (fact: unknown, value: unknown) => boolean) =>
  typeof fact === 'string' && next(fact.length, value);

const CONDITIONS = {
  young: { all: [{ fact: 'a', operator: 'lessThan', value: 2 }] },
  rich: { any: [{ fact: 'o', path: '$.x', operator: 'greaterThan', value: 1 }, { condition: 'young' }] },
  odd: { not: { fact: 'b', operator: 'in', value: [0, 2, 4] } },
};

export interface DifferentialCounts {
  cases: number;
  fired: number;
  /** json-rules-engine rejected the run: an operator does not apply there, where Weir says false. */
  rejected: number;
}

export interface Differential {
  compare(facts: Record<string, unknown>, counts: DifferentialCounts): Promise<void>;
}

export function createDifferential(rules: readonly GeneratedRule[]): Differential {
  const documents = rules.map(({ conditions, priority, param }, i) => ({
    conditions,
    name: `rule-${i}`,
    ...(priority !== undefined && { priority }),
    event: { type: `type-${i % 3}`, params: { i, param } },
  }));
  const engine = new Engine([], {
    allowUndefinedFacts: true,
    allowUndefinedConditions: true,
    replaceFactsInEventParams: true,
  });
  engine.addOperator('startsWith', startsWith);
  // The types know no decorators of this shape.
  engine.addOperatorDecorator('length', length as never);
  for (const [name, condition] of Object.entries(CONDITIONS)) engine.setCondition(name, condition as never);
  for (const document of documents) engine.addRule(structuredClone(document) as never);
  const options = {
    allowUndefinedFacts: true,
    allowUndefinedConditions: true,
    replaceFactsInEventParams: true,
    emptyConditions: 'match',
    conditions: CONDITIONS,
    operators: { startsWith },
    decorators: { length },
  } as const;
  const weirs = [compileRules(documents, options), compileRules(documents, { ...options, generate: false })];

  return {
    async compare(facts, counts) {
      const wanted = await engine.run(facts).then(
        (result) => result as unknown as EvaluationResult,
        () => undefined,
      );
      const [generated, interpreted] = weirs.map((weir) => weir.evaluate(facts));
      if (generated === undefined || interpreted === undefined) throw new Error('two evaluations were asked for');
      deepStrictEqual(flatten(interpreted), flatten(generated));
      counts.cases++;
      if (wanted === undefined) {
        counts.rejected++;
        // A rejected run of json-rules-engine goes on in the background and ends the next one early.
        await new Promise((resolve) => setImmediate(resolve));
        return;
      }
      counts.fired += wanted.events.length;
      deepStrictEqual(flatten(generated), inDocumentOrder(flatten(wanted)));
    },
  };
}

interface Flat {
  readonly events: unknown[];
  readonly failureEvents: unknown[];
  readonly results: unknown[];
  readonly failureResults: unknown[];
}

function flatten(result: EvaluationResult): Flat {
  const rows = (of: EvaluationResult['results']) =>
    of.map(({ name, priority, event, result: fired }) => ({ name, priority, event: plain(event), fired }));
  return {
    events: result.events.map(plain),
    failureEvents: result.failureEvents.map(plain),
    results: rows(result.results),
    failureResults: rows(result.failureResults),
  };
}

function plain(event: { type: string; params?: unknown }): unknown {
  return { type: event.type, params: event.params };
}

/** Within one priority json-rules-engine's order is that in which promises happen to settle; the document's is Weir's. */
function inDocumentOrder(flat: Flat): Flat {
  const priorities = new Map<number, number>();
  const rows = [...flat.results, ...flat.failureResults] as { priority: number; event: { params: { i: number } } }[];
  for (const { priority, event } of rows) priorities.set(event.params.i, priority);
  const order = (list: unknown[], index: (one: never) => number) => {
    const keyed = list.map((one) => ({
      one,
      index: index(one as never),
      priority: priorities.get(index(one as never)) ?? 0,
    }));
    // Priorities themselves must already be in order.
    for (let i = 1; i < keyed.length; i++)
      if ((keyed[i]?.priority ?? 0) > (keyed[i - 1]?.priority ?? 0)) throw new Error('priorities out of order');
    return keyed.sort((a, b) => b.priority - a.priority || a.index - b.index).map(({ one }) => one);
  };
  const ofEvent = (one: { params: { i: number } }) => one.params.i;
  const ofRow = (one: { event: { params: { i: number } } }) => one.event.params.i;
  return {
    events: order(flat.events, ofEvent),
    failureEvents: order(flat.failureEvents, ofEvent),
    results: order(flat.results, ofRow),
    failureResults: order(flat.failureResults, ofRow),
  };
}
