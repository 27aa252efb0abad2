/**
 * `npm run bench -- rules`: json-rules-engine, GoRules Zen and Weir on the same rules and facts in one run, with the
 * results compared; then what Weir promises of large rule sets: compile time, stalls while swapping, cost of the trace.
 */
import { writeFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { ByteWriter } from '../../core/codec/byte-writer.ts';
import { compileRuleSet, compileRuleSetInSlices } from '../../rules/compile-rule-set.ts';
import type { RuleInput, RuleSet } from '../../rules/ruleset.ts';
import { type BenchEngine, createJsonRulesEngine, createWeir, createZen } from './rules-engines.ts';
import { measureSwapInProcessor, type SwapReport } from './rules-swap.ts';
import {
  type BenchRule,
  createFacts,
  createRules,
  createSelectiveFacts,
  createSelectiveRules,
  toRuleDocument,
} from './rules-workload.ts';

export interface RulesBenchRow {
  readonly rules: number;
  readonly hitRate: number;
  /** Events a second. */
  readonly weir: number;
  readonly 'json-rules-engine': number;
  readonly zen: number;
}

export interface RulesBenchReport {
  readonly rows: readonly RulesBenchRow[];
  /** Rules for one merchant each, two a merchant: nanoseconds an event. */
  readonly selective: readonly { readonly rules: number; readonly weirNs: number }[];
  readonly compile: { readonly rules: number; readonly ms: number; readonly sliceMsMax: number };
  readonly swap: SwapReport;
  readonly trace: {
    readonly evaluateNs: number;
    readonly tracedNs: number;
    readonly cost: number;
    readonly bytes: number;
  };
}

const SIZES = [10, 100, 1_000, 10_000];
const HIT_RATES = [0.01, 0.1, 0.5];
const FACTS = 512;
const SEED = 20_261_123;
const COMPARED_RULES_TIMES_FACTS = 100_000;
/** Events that are timed together: a few tens of microseconds, which other work seldom interrupts. */
const TRACE_PART = 64;

/** Runs the benchmark with the command line `argv` (`--json FILE`, `--seconds N` for each figure, `--quick`). */
export async function runRulesBench(argv: readonly string[]): Promise<RulesBenchReport> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: 'string' },
      seconds: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.seconds);
  const sizes = values.quick ? SIZES.slice(0, 2) : SIZES;
  const facts = createFacts(FACTS, SEED);
  const rows: RulesBenchRow[] = [];
  console.log('rules  hit rate   weir/s   json-rules-engine/s   zen/s   × json-rules-engine   × zen');
  for (const size of sizes) {
    for (const hitRate of HIT_RATES) {
      const rules = createRules(size, hitRate, SEED + size);
      const row = await measureRow(rules, hitRate, facts, seconds);
      rows.push(row);
      console.log(formatRow(row));
    }
  }
  const selective = measureSelective(seconds);
  for (const { rules, weirNs } of selective) console.log(`${rules} selective rules: ${Math.round(weirNs)} ns an event`);
  const largest = createRules(10_000, 0.01, SEED).map(toRuleDocument);
  const compile = measureCompile(largest);
  console.log(`compiling 10,000 rules: ${compile.ms.toFixed(0)} ms, longest slice ${compile.sliceMsMax.toFixed(1)} ms`);
  const swap = await measureSwapInProcessor();
  console.log(
    `swapping them in: staged in ${swap.stageMs.toFixed(0)} ms, longest stall ${swap.stallMsMax.toFixed(2)} ms, p99 ${swap.stallMsP99.toFixed(2)} ms; without a swap ${swap.controlMsMax.toFixed(2)} ms`,
  );
  const trace = measureTrace(createRules(100, 0.1, SEED).map(toRuleDocument), facts, seconds);
  console.log(
    `trace at 100 rules: ${trace.evaluateNs.toFixed(0)} → ${trace.tracedNs.toFixed(0)} ns an event (${(trace.cost * 100).toFixed(1)} %), ${trace.bytes} bytes`,
  );
  const report = { rows, selective, compile, swap, trace };
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

async function measureRow(
  rules: readonly BenchRule[],
  hitRate: number,
  facts: Record<string, unknown>[],
  seconds: number,
): Promise<RulesBenchRow> {
  const weir = createWeir(rules);
  const peers = { 'json-rules-engine': createJsonRulesEngine(rules), zen: createZen(rules) };
  const compared = Math.max(4, Math.min(facts.length, Math.floor(COMPARED_RULES_TIMES_FACTS / rules.length)));
  let fired = 0;
  for (const one of facts.slice(0, compared)) {
    const wanted = await weir.fired(one);
    fired += wanted.length;
    for (const [name, peer] of Object.entries(peers)) {
      const got = await peer.fired(one);
      if (String(got) !== String(wanted))
        throw new Error(`${name} and Weir differ: ${got} and ${wanted} on ${JSON.stringify(one)}`);
    }
  }
  const rate = fired / compared / rules.length;
  if (rules.length >= 100 && Math.abs(rate - hitRate) > hitRate * 0.3)
    throw new Error(`the hit rate is ${rate}, not ${hitRate}`);
  return {
    rules: rules.length,
    hitRate,
    weir: await eventsPerSecond(weir, facts, seconds),
    'json-rules-engine': await eventsPerSecond(peers['json-rules-engine'], facts, seconds),
    zen: await eventsPerSecond(peers.zen, facts, seconds),
  };
}

/** The best of several rounds: other work on the machine only ever makes a round slower. */
async function eventsPerSecond(
  engine: BenchEngine,
  facts: readonly Record<string, unknown>[],
  seconds: number,
): Promise<number> {
  let best = 0;
  let size = 1;
  const end = performance.now() + seconds * 1_000;
  do {
    const batch = facts.slice(0, Math.min(size, facts.length));
    const repeats = Math.max(1, Math.floor(size / facts.length));
    const start = performance.now();
    for (let i = 0; i < repeats; i++) await engine.runAll(batch);
    const ms = performance.now() - start;
    best = Math.max(best, (batch.length * repeats * 1_000) / ms);
    if (ms < seconds * 100) size *= 2;
  } while (performance.now() < end);
  return best;
}

function measureSelective(seconds: number): RulesBenchReport['selective'] {
  return [100, 1_000, 10_000].map((count) => {
    const weir = createWeir(createSelectiveRules(count, SEED));
    const facts = createSelectiveFacts(FACTS, count, SEED);
    return { rules: count, weirNs: nsPerCall(() => void weir.runAll(facts), seconds) / facts.length };
  });
}

/** Nanoseconds a call takes in the best of the rounds. */
function nsPerCall(call: () => void, seconds: number): number {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    const start = performance.now();
    call();
    best = Math.min(best, (performance.now() - start) * 1e6);
  }
  return best;
}

/** Rounds of which the least disturbed counts. */
const ROUNDS = 5;

function measureCompile(documents: readonly unknown[]): RulesBenchReport['compile'] {
  let ms = Number.POSITIVE_INFINITY;
  let sliceMsMax = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    compileRuleSet(1, documents);
    ms = Math.min(ms, performance.now() - start);
    sliceMsMax = Math.min(sliceMsMax, longestSlice(documents));
  }
  return { rules: documents.length, ms, sliceMsMax };
}

function longestSlice(documents: readonly unknown[]): number {
  let longest = 0;
  const slices = compileRuleSetInSlices(2, documents);
  for (;;) {
    const before = performance.now();
    const step = slices.next();
    longest = Math.max(longest, performance.now() - before);
    if (step.done === true) return longest;
  }
}

function measureTrace(
  documents: readonly unknown[],
  facts: readonly Record<string, unknown>[],
  seconds: number,
): RulesBenchReport['trace'] {
  const set = compileRuleSet(1, documents);
  const inputs = facts.map((one) => inputOf(one, set));
  const parts = Array.from({ length: inputs.length / TRACE_PART }, (_, i) =>
    inputs.slice(i * TRACE_PART, (i + 1) * TRACE_PART),
  );
  const writer = new ByteWriter(65_536);
  const plain = (part: readonly RuleInput[]) => {
    for (const input of part) set.evaluate(input);
  };
  const traced = (part: readonly RuleInput[]) => {
    writer.reset();
    for (const input of part) set.evaluateTraced(input, writer);
  };
  const plainMs = parts.map(() => Number.POSITIVE_INFINITY);
  const tracedMs = [...plainMs];
  const end = performance.now() + 2 * seconds * 1_000;
  // Turn and turn about, so that both meet the same neighbours on the machine and the same branch predictor.
  while (performance.now() < end) {
    for (const [run, best] of [
      [plain, plainMs],
      [plain, plainMs],
      [traced, tracedMs],
      [traced, tracedMs],
    ] as const)
      sweep(parts, run, best);
  }
  const perEvent = (ms: readonly number[]) => (ms.reduce((sum, one) => sum + one, 0) * 1e6) / inputs.length;
  const evaluateNs = perEvent(plainMs);
  const tracedNs = perEvent(tracedMs);
  traced(inputs);
  const bytes = Math.round(writer.length / inputs.length);
  return { evaluateNs, tracedNs, cost: tracedNs / evaluateNs - 1, bytes };
}

/** Keeps for each part the time of its least disturbed run. */
function sweep<T>(parts: readonly (readonly T[])[], run: (part: readonly T[]) => void, best: number[]): void {
  parts.forEach((part, i) => {
    const start = performance.now();
    run(part);
    best[i] = Math.min(best[i] ?? Number.POSITIVE_INFINITY, performance.now() - start);
  });
}

/** The facts of the library as the engine would hand them over. */
function inputOf(facts: Record<string, unknown>, set: RuleSet): RuleInput {
  const velocity = facts.velocity as Record<string, number>;
  const values = set.requirements.map((requirement) => {
    if (requirement.kind === 'travel') return facts.travel;
    if (requirement.kind !== 'window') return undefined;
    const { aggregate } = requirement.params;
    return velocity[aggregate === 'count' ? 'count1h' : aggregate === 'sum' ? 'sum1d' : 'distinctMerchants'];
  });
  return { type: 'transaction', facts: { transaction: facts.transaction, customer: facts.customer }, values };
}

function formatRow(row: RulesBenchRow): string {
  const whole = (value: number, width: number) => Math.round(value).toLocaleString('en').padStart(width);
  const ratio = (peer: number) => (row.weir / peer).toFixed(0);
  const { 'json-rules-engine': reference, zen } = row;
  return [
    whole(row.rules, 6),
    `${row.hitRate * 100} %`.padStart(8),
    whole(row.weir, 10),
    whole(reference, 12),
    whole(zen, 12),
    `× ${ratio(reference)}`.padStart(12),
    `× ${ratio(zen)}`.padStart(8),
  ].join('  ');
}
