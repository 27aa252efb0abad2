/**
 * Builds the matcher of a rule set: the best key first, again behind each of its values, and straight-line code or the
 * interpreter for what no key selects. A generator, so that a large rule set compiles in slices between events.
 */
import type { ExpressionTable } from '../compiler/expression.ts';
import { chunksOf, generateChunk, type Row } from '../compiler/generate-chunk.ts';
import type { Program, ProgramBuilder } from '../compiler/program.ts';
import { type AccessKey, type EqualityKey, type RangeKey, withoutKey } from './access-keys.ts';
import { chooseKey, type Tally } from './choose-key.ts';
import { IntervalTree } from './interval-tree.ts';
import {
  ChunkMatcher,
  EqualityMatcher,
  type Matcher,
  ProgramMatcher,
  RangeMatcher,
  SequenceMatcher,
} from './matcher.ts';

export interface MatcherContext {
  readonly table: ExpressionTable;
  readonly program: Program;
  readonly builder: ProgramBuilder;
  readonly isCold: (slot: number) => boolean;
  /** Rows that may still become generated code; 0 where generation is off. */
  generatedRowsLeft: number;
}

/** Fewer rows than this in one place are not worth a function of their own. */
const GENERATED_ROWS_MIN = 8;
const INDEX_DEPTH_MAX = 3;
/** Work between two yields: about a millisecond. */
const ROWS_PER_SLICE = 64;

export function* buildMatcher(
  rows: readonly Row[],
  context: MatcherContext,
  used: ReadonlySet<number> = new Set(),
): Generator<void, Matcher> {
  const choice = used.size < INDEX_DEPTH_MAX ? yield* chooseKey(rows, used) : undefined;
  if (choice === undefined) return yield* buildPlain(rows, context);
  yield;
  const behind = new Set(used).add(choice.slot);
  const node =
    choice.kind === 'equality' ? yield* buildEquality(choice, context, behind) : yield* buildRange(choice, context);
  if (choice.rest.length === 0) return node;
  // The rest may still be found by another key at the same depth.
  return new SequenceMatcher([node, yield* buildMatcher(choice.rest, context, used)]);
}

function* buildPlain(rows: readonly Row[], context: MatcherContext): Generator<void, Matcher> {
  if (rows.length >= GENERATED_ROWS_MIN && rows.length <= context.generatedRowsLeft) {
    context.generatedRowsLeft -= rows.length;
    const parts: Matcher[] = [];
    for (const chunk of chunksOf(rows)) {
      parts.push(new ChunkMatcher(generateChunk(chunk, context.isCold)));
      yield;
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : new SequenceMatcher(parts);
  }
  const start = context.builder.entries;
  for (let i = 0; i < rows.length; i++) {
    const { row, expression } = rows[i] as Row;
    context.builder.addRow(row, expression);
    if (i % ROWS_PER_SLICE === ROWS_PER_SLICE - 1) yield;
  }
  return new ProgramMatcher(context.program, start, context.builder.entries);
}

function* buildEquality(
  choice: Tally<EqualityKey>,
  context: MatcherContext,
  used: ReadonlySet<number>,
): Generator<void, Matcher> {
  const buckets = new Map<unknown, Row[]>();
  let done = 0;
  for (const { row, key } of choice.found) {
    const residual = residualOf(row, key, context);
    for (const value of key.values) {
      const bucket = buckets.get(value);
      if (bucket === undefined) buckets.set(value, [residual]);
      else bucket.push(residual);
    }
    if (++done % ROWS_PER_SLICE === 0) yield;
  }
  const matchers = new Map<unknown, Matcher>();
  for (const [value, bucket] of buckets) {
    matchers.set(value, yield* buildMatcher(bucket, context, used));
    if (++done % ROWS_PER_SLICE === 0) yield;
  }
  return new EqualityMatcher(choice.slot, context.isCold(choice.slot), matchers);
}

function* buildRange(choice: Tally<RangeKey>, context: MatcherContext): Generator<void, Matcher> {
  const start = context.builder.entries;
  let done = 0;
  for (const { row, key } of choice.found) {
    context.builder.addRow(row.row, residualOf(row, key, context).expression);
    if (++done % ROWS_PER_SLICE === 0) yield;
  }
  const tree = new IntervalTree(choice.found.map(({ key }) => key));
  yield;
  const cold = context.isCold(choice.slot);
  return new RangeMatcher(choice.slot, cold, tree, context.program, start, choice.found.length);
}

function residualOf(row: Row, key: AccessKey, context: MatcherContext): Row {
  return { row: row.row, expression: withoutKey(row.expression, key, context.table) };
}
