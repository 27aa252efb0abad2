/** The three engines of the rules benchmark behind one face: facts in, indexes of the rules that fired out. */
import { ZenEngine } from '@gorules/zen-engine';
import { Engine } from 'json-rules-engine';
import { compileRules } from '../../rules/compile-rules.ts';
import { type BenchCondition, type BenchRule, FIELDS, toDocument } from './rules-workload.ts';

type Facts = Record<string, unknown>;

export interface BenchEngine {
  /** Evaluates every facts once and returns how many rules fired in all. */
  runAll(facts: readonly Facts[]): number | Promise<number>;
  /** Indexes of the rules that fire, ascending. */
  fired(facts: Facts): Promise<number[]>;
}

export function createWeir(rules: readonly BenchRule[]): BenchEngine {
  const compiled = compileRules(rules.map(toDocument));
  return {
    runAll(facts) {
      let count = 0;
      for (let i = 0; i < facts.length; i++) count += compiled.evaluate(facts[i]).events.length;
      return count;
    },
    fired: async (facts) => compiled.evaluate(facts).events.map(indexOf),
  };
}

export function createJsonRulesEngine(rules: readonly BenchRule[]): BenchEngine {
  const engine = new Engine();
  for (const rule of rules) engine.addRule(toDocument(rule));
  return {
    async runAll(facts) {
      let count = 0;
      for (const one of facts) count += (await engine.run(one)).events.length;
      return count;
    },
    fired: async (facts) => (await engine.run(facts)).events.map(indexOf).sort((a, b) => a - b),
  };
}

function indexOf(event: { params?: Readonly<Record<string, unknown>> | undefined }): number {
  return Number(event.params?.index);
}

/** How many evaluations are handed to Zen at once: it has threads of its own. */
const ZEN_BATCH = 32;

/** A decision table that collects every hit: one column a field, which is the form Zen is fastest in. */
export function createZen(rules: readonly BenchRule[]): BenchEngine {
  const engine = new ZenEngine();
  const inputs = FIELDS.map(({ fact, path }, i) => ({ id: `i${i}`, name: path, field: `${fact}.${path.slice(2)}` }));
  const decision = engine.createDecision({
    nodes: [
      { id: 'in', name: 'in', type: 'inputNode' },
      {
        id: 'table',
        name: 'table',
        type: 'decisionTableNode',
        content: {
          hitPolicy: 'collect',
          inputs,
          outputs: [{ id: 'o', name: 'index', field: 'index' }],
          rules: rules.map((rule) => ({ _id: `r${rule.index}`, ...cellsOf(rule), o: String(rule.index) })),
        },
      },
      { id: 'out', name: 'out', type: 'outputNode' },
    ],
    edges: [
      { id: 'e1', sourceId: 'in', targetId: 'table', type: 'edge' },
      { id: 'e2', sourceId: 'table', targetId: 'out', type: 'edge' },
    ],
  });
  const hits = async (facts: Facts): Promise<{ index: number }[]> => (await decision.evaluate(facts)).result;
  return {
    async runAll(facts) {
      let count = 0;
      for (let i = 0; i < facts.length; i += ZEN_BATCH) {
        const batch = await Promise.all(facts.slice(i, i + ZEN_BATCH).map(hits));
        for (const one of batch) count += one.length;
      }
      return count;
    },
    fired: async (facts) => (await hits(facts)).map(({ index }) => index).sort((a, b) => a - b),
  };
}

function cellsOf(rule: BenchRule): Record<string, string> {
  const cells: Record<string, string> = {};
  FIELDS.forEach((field, i) => {
    const tests = rule.conditions.filter((condition) => condition.field === field).map(cell);
    cells[`i${i}`] = tests.join(' and ');
  });
  return cells;
}

function cell({ operator, value }: BenchCondition): string {
  switch (operator) {
    case 'equal':
      return JSON.stringify(value);
    case 'in':
      return (value as string[]).map((one) => JSON.stringify(one)).join(', ');
    case 'greaterThan':
      return `> ${value}`;
    case 'lessThan':
      return `< ${value}`;
  }
}
