/** Rules and facts for differential tests: small pools of values, so that conditions are often true and often nearly so. */
import fc from 'fast-check';

export const NAMED_CONDITIONS = ['young', 'rich', 'odd'] as const;

const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -2, max: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom(0.5, -0, 1e21, 1.5) },
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'ab', '', '1', '3', '10', '2abc', '0x2', ' 4 ', '-1') },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(true, false, null) },
);
const list = fc.array(scalar, { maxLength: 3 });
const record = fc.record(
  {
    x: fc.oneof(scalar, list),
    y: scalar,
    z: fc.record({ y: scalar }, { requiredKeys: [], noNullPrototype: true }),
    constructor: scalar,
  },
  { requiredKeys: [], noNullPrototype: true },
);

export const factsArbitrary: fc.Arbitrary<Record<string, unknown>> = fc.record(
  {
    a: scalar,
    b: scalar,
    c: fc.oneof(scalar, list, fc.constant(undefined), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY)),
    l: list,
    o: fc.oneof({ weight: 4, arbitrary: record }, { weight: 1, arbitrary: scalar }),
    p: fc.array(record, { maxLength: 3 }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

const factName = fc.constantFrom('a', 'b', 'c', 'l', 'o', 'p', 'missing');
const path = fc.constantFrom(
  '$.x',
  '$.y',
  '$.z.y',
  '$.x[0]',
  '$.x[1]',
  '$.x.length',
  "$['x']",
  '$["y"]',
  '$',
  'x',
  'z.y',
  '$[0].x',
  '$[*].x',
  '$.x[*]',
  '$..y',
  '$.*',
  '$[0:2]',
  '$.x[-1:]',
  '$.x[0:3:2]',
  '$[0,1]',
  '$.x[0,1]',
  '$.constructor',
  '$.toString',
  '$.__proto__',
  '$.nope.y',
);
const read = fc.record({ fact: factName, path: fc.option(path, { nil: undefined }) }).map(prune);

const plainOperator = fc.constantFrom(
  'equal',
  'notEqual',
  'lessThan',
  'lessThanInclusive',
  'greaterThan',
  'greaterThanInclusive',
);
const decorated = fc
  .tuple(
    fc.array(fc.constantFrom('not', 'swap', 'someFact', 'everyFact'), { minLength: 1, maxLength: 3 }),
    plainOperator,
  )
  .map(([decorators, operator]) => [...decorators, operator].join(':'));
const overValues = fc.constantFrom(
  'someValue:equal',
  'everyValue:notEqual',
  'someValue:greaterThan',
  'not:someValue:equal',
  'everyFact:in',
  'someFact:notIn',
  'everyValue:lessThan',
  'in',
  'notIn',
  'not:in',
);

const comparison = fc
  .oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(
        read,
        plainOperator,
        fc.oneof({ weight: 5, arbitrary: scalar }, { weight: 2, arbitrary: read }),
      ),
    },
    { weight: 2, arbitrary: fc.tuple(read, overValues, list) },
    { weight: 1, arbitrary: fc.tuple(read, fc.constantFrom('in', 'notIn'), fc.constantFrom<unknown>('abc', '1234')) },
    { weight: 2, arbitrary: fc.tuple(read, fc.constantFrom('contains', 'doesNotContain', 'not:contains'), scalar) },
    { weight: 2, arbitrary: fc.tuple(read, decorated, fc.oneof(scalar, list)) },
    {
      weight: 1,
      arbitrary: fc.tuple(read, fc.constantFrom('startsWith', 'not:startsWith', 'length:greaterThan'), scalar),
    },
  )
  .map(([left, operator, value]) => ({ ...left, operator, value: unlessItself(left, value) }));

/** `empty`: whether an empty all or any may occur. */
export function conditionsArbitrary(empty: boolean): fc.Arbitrary<Record<string, unknown>> {
  const sizes = { minLength: empty ? 0 : 1, maxLength: 4 };
  const { root } = fc.letrec<{ root: Record<string, unknown>; any: Record<string, unknown> }>((tie) => ({
    root: fc.oneof(
      { weight: 4, arbitrary: fc.record({ all: fc.array(tie('any'), sizes) }) },
      { weight: 3, arbitrary: fc.record({ any: fc.array(tie('any'), sizes) }) },
      { weight: 1, arbitrary: fc.record({ not: tie('any') }) },
      { weight: 1, arbitrary: fc.constantFrom(...NAMED_CONDITIONS, 'unknown').map((condition) => ({ condition })) },
    ),
    any: fc.oneof({ depthSize: 'small', maxDepth: 4, withCrossShrink: true }, comparison, comparison, tie('root')),
  }));
  return root;
}

/** Rules whose keys an index can use: equalities over a wider pool, intervals, lists, with a rest behind. */
export const selectiveConditions: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    fc.oneof(
      fc.record({
        fact: fc.constantFrom('k', 'a', 'm'),
        operator: fc.constant('equal'),
        value: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 }).map(String)),
      }),
      fc.record({
        fact: fc.constantFrom('k', 'm'),
        operator: fc.constant('in'),
        value: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 3 }),
      }),
      fc
        .tuple(
          fc.constantFrom('r', 'k'),
          fc.integer({ min: 0, max: 30 }),
          fc.integer({ min: 0, max: 4 }),
          fc.boolean(),
          fc.boolean(),
        )
        .map(([fact, low, width, openLow, openHigh]) => ({
          all: [
            { fact, operator: openLow ? 'greaterThan' : 'greaterThanInclusive', value: low },
            { fact, operator: openHigh ? 'lessThan' : 'lessThanInclusive', value: low + width },
          ],
        })),
      fc.record({
        any: fc.array(
          fc.record({ fact: fc.constant('k'), operator: fc.constant('equal'), value: fc.integer({ min: 0, max: 30 }) }),
          { minLength: 1, maxLength: 3 },
        ),
      }),
    ),
    fc.array(fc.oneof(comparison, comparison, conditionsArbitrary(false)), { maxLength: 2 }),
  )
  .map(([key, rest]) => ({ all: [...rest, key] }));

export const selectiveFacts: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    factsArbitrary,
    fc.record(
      {
        k: fc.oneof(
          fc.integer({ min: -1, max: 31 }),
          fc.integer({ min: 0, max: 30 }).map(String),
          fc.constantFrom<unknown>(null, Number.NaN, 2.5),
        ),
        m: fc.integer({ min: 0, max: 30 }),
        r: fc.oneof(
          fc.integer({ min: -1, max: 35 }),
          fc.double({ min: -1, max: 35, noNaN: true }),
          fc.integer({ min: 0, max: 30 }).map(String),
        ),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
  )
  .map(([general, keys]) => ({ ...general, ...keys }));

export interface GeneratedRule {
  readonly conditions: Record<string, unknown>;
  readonly priority: number | undefined;
  readonly param: unknown;
}

export function ruleArbitrary(conditions: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<GeneratedRule> {
  return fc.record({
    conditions,
    priority: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    param: fc.oneof(scalar, read, fc.constant({ deep: { fact: 'a' } })),
  });
}

function prune(value: { fact: string; path: string | undefined }): { fact: string; path?: string } {
  return value.path === undefined ? { fact: value.fact } : { fact: value.fact, path: value.path };
}

/** Of a path with several values json-rules-engine makes a new array each time it looks; Weir looks once. */
function unlessItself(left: { fact: string; path?: string }, value: unknown): unknown {
  const same = typeof value === 'object' && value !== null && 'path' in value && value.path === left.path;
  return same ? { fact: left.fact } : value;
}
