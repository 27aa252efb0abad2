/**
 * The evaluator of one ordered list of expressions ("rows"): loads what rules read of an event, then finds the rows
 * that are true through the index. A run without hits allocates nothing; rows that fired stand in `fired`, ascending.
 */
import { buildMatcher } from '../index/build-matcher.ts';
import type { Expression, ExpressionTable, Leaf } from './expression.ts';
import { generateLoaders, type LoadSlots } from './generate-loader.ts';
import { kindOf, visitLeaves } from './leaf-kind.ts';
import { orderConditions } from './order-conditions.ts';
import { Program, ProgramBuilder } from './program.ts';
import type { FactCalls, Facts } from './read-slot.ts';
import { keyOfLeaf, type Selectivity } from './selectivity.ts';
import { SlotFile, withOperands } from './slot-file.ts';
import type { Slot } from './slot-table.ts';
import { canGenerate } from './source-builder.ts';

export interface Evaluator {
  /** Rows that were true in the last run. */
  readonly fired: Int32Array;
  readonly file: SlotFile;
  /** Slots that `run` loads whatever happens; others may hold an earlier event's value. */
  readonly hot: ReadonlySet<number>;
  /** Returns how many rows are true. */
  run(facts: Facts, values: readonly unknown[], calls?: FactCalls): number;
}

export interface EvaluatorOptions {
  /** Whether JavaScript may be generated; where the environment forbids it, it never is. */
  readonly generate: boolean;
  readonly selectivity: Selectivity;
}

/** More would cost more memory and compile time than it gains; the interpreter takes the rest. */
const GENERATED_ROWS_MAX = 12_288;
/** With more slots than this, those that few rules read wait until a rule gets to them. */
const HOT_SLOTS_MAX = 128;
const HOT_SHARE = 1 / 64;
const ROWS_PER_SLICE = 64;
const INSERTION_SORT_MAX = 24;
const SWEEP_SHARE = 32;

/** A generator that yields about every millisecond of work. */
export function* createEvaluator(
  slots: readonly Slot[],
  rows: readonly Expression[],
  table: ExpressionTable,
  options: EvaluatorOptions,
): Generator<void, Evaluator> {
  const generate = options.generate && canGenerate();
  const numeric = new Set<number>();
  const uses = new Map<number, number>();
  const ordered: Expression[] = [];
  const { selectivity } = options;
  const shareOf = (leaf: Leaf) => (selectivity.size === 0 ? undefined : selectivity.get(keyOfLeaf(leaf, slots)));
  for (const row of rows) {
    visitLeaves(row, (leaf) => {
      if (kindOf(leaf).kind === 'number') numeric.add(leaf.slot);
      uses.set(leaf.slot, (uses.get(leaf.slot) ?? 0) + 1);
      if (leaf.rightSlot !== undefined) uses.set(leaf.rightSlot, (uses.get(leaf.rightSlot) ?? 0) + 1);
    });
    ordered.push(orderConditions(row, table, shareOf));
    if (ordered.length % ROWS_PER_SLICE === 0) yield;
  }
  const usesMin = uses.size <= HOT_SLOTS_MAX ? 0 : rows.length * HOT_SHARE;
  const hot = withOperands(
    slots,
    [...uses].filter(([, count]) => count >= usesMin).map(([slot]) => slot),
  );
  const hotSet = new Set(hot);
  const isCold = (slot: number) => !hotSet.has(slot);
  const file = new SlotFile(slots, numeric);
  const loaders: readonly LoadSlots[] = generate ? generateLoaders(slots, hot, numeric) : [];
  yield;
  const builder = new ProgramBuilder(isCold);
  const program = new Program(file);
  const matcher = yield* buildMatcher(
    ordered.map((expression, row) => ({ row, expression })),
    { table, program, builder, isCold, generatedRowsLeft: generate ? GENERATED_ROWS_MAX : 0 },
  );
  builder.seal(program);
  const fired = new Int32Array(rows.length);
  const marks = new Uint8Array(rows.length);

  return {
    fired,
    file,
    hot: hotSet,
    run(facts, values, calls) {
      file.begin(facts, values, calls);
      if (generate)
        for (let i = 0; i < loaders.length; i++) (loaders[i] as LoadSlots)(facts, values, file.s, file.n, file);
      else for (let i = 0; i < hot.length; i++) file.load(hot[i] as number);
      const count = matcher.match(file, fired, 0);
      if (count > 1) sortRows(fired, count, marks);
      return count;
    },
  };
}

/** Index nodes find rows in their own order; the answer is in the rule set's. `marks` is all 0, before and after. */
function sortRows(fired: Int32Array, count: number, marks: Uint8Array): void {
  let sorted = true;
  for (let i = 1; i < count && sorted; i++) sorted = (fired[i - 1] as number) < (fired[i] as number);
  if (sorted) return;
  if (count <= INSERTION_SORT_MAX) insertionSort(fired, count);
  else if (count * SWEEP_SHARE < marks.length) fired.subarray(0, count).sort();
  else sweepSort(fired, count, marks);
}

function insertionSort(fired: Int32Array, count: number): void {
  for (let i = 1; i < count; i++) {
    const row = fired[i] as number;
    let j = i - 1;
    while (j >= 0 && (fired[j] as number) > row) {
      fired[j + 1] = fired[j] as number;
      j--;
    }
    fired[j + 1] = row;
  }
}

/** Where a good part of all rows fired, one pass over all of them beats comparing. */
function sweepSort(fired: Int32Array, count: number, marks: Uint8Array): void {
  for (let i = 0; i < count; i++) marks[fired[i] as number] = 1;
  let next = 0;
  for (let row = 0; next < count; row++) {
    if (marks[row] !== 1) continue;
    marks[row] = 0;
    fired[next++] = row;
  }
}

/** Runs a generator of slices to its end. */
export function drain<T>(slices: Generator<void, T>): T {
  for (;;) {
    const step = slices.next();
    if (step.done === true) return step.value;
  }
}
