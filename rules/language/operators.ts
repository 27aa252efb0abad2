/**
 * json-rules-engine's operators and decorators with its exact meaning, quirks included ("10" passes greaterThan 5).
 * One thing is different on purpose: an operator that does not apply to its operands is false, it never throws.
 */

export type OperatorTest = (fact: unknown, value: unknown) => boolean;
/** `next` is the operator that the decorator wraps. */
export type DecoratorTest = (fact: unknown, value: unknown, next: OperatorTest) => boolean;

export const BUILT_IN_OPERATORS = [
  'equal',
  'notEqual',
  'in',
  'notIn',
  'contains',
  'doesNotContain',
  'lessThan',
  'lessThanInclusive',
  'greaterThan',
  'greaterThanInclusive',
] as const;
export type BuiltInOperator = (typeof BUILT_IN_OPERATORS)[number];

export const BUILT_IN_DECORATORS = ['someFact', 'someValue', 'everyFact', 'everyValue', 'swap', 'not'] as const;

export interface ResolvedOperator {
  /** As written, decorators included. */
  readonly name: string;
  readonly test: OperatorTest;
  /** The operator without decorators where it is a built-in one that stands alone: the compiler knows it. */
  readonly builtIn: BuiltInOperator | undefined;
  /** What the decorators and operator are called, outermost first. */
  readonly parts: readonly string[];
  /** A test of the user's: it may throw, be slow or keep state, so the compiler never folds or shares it. */
  readonly custom: boolean;
}

export interface OperatorRegistry {
  readonly operators: ReadonlyMap<string, OperatorTest>;
  readonly decorators: ReadonlyMap<string, DecoratorTest>;
}

export const EMPTY_REGISTRY: OperatorRegistry = { operators: new Map(), decorators: new Map() };
const DECORATORS_MAX = 16;

/** What JavaScript's number comparison with a number constant makes of a fact; NaN where the comparison is false. */
export function toComparable(fact: unknown): number {
  if (typeof fact === 'number') return fact;
  if (fact === undefined || fact === null || typeof fact === 'boolean') return Number.NaN;
  if (typeof fact === 'string') return Number.isNaN(Number.parseFloat(fact)) ? Number.NaN : Number(fact);
  try {
    return isNumberLike(fact) ? Number(fact) : Number.NaN;
  } catch {
    return Number.NaN;
  }
}

function isNumberLike(fact: unknown): boolean {
  return !Number.isNaN(Number.parseFloat(fact as string));
}

interface Indexed {
  indexOf(value: unknown): number;
}

/** Arrays and strings, the two that have `indexOf`. */
function isIndexed(value: unknown): value is Indexed {
  return typeof value === 'string' || Array.isArray(value);
}

type Ordered = number;

const BUILT_IN: { readonly [name in BuiltInOperator]: OperatorTest } = {
  equal: (fact, value) => fact === value,
  notEqual: (fact, value) => fact !== value,
  in: (fact, value) => isIndexed(value) && value.indexOf(fact) > -1,
  notIn: (fact, value) => isIndexed(value) && value.indexOf(fact) === -1,
  contains: (fact, value) => Array.isArray(fact) && fact.indexOf(value) > -1,
  doesNotContain: (fact, value) => Array.isArray(fact) && fact.indexOf(value) === -1,
  lessThan: (fact, value) => isNumberLike(fact) && (fact as Ordered) < (value as Ordered),
  lessThanInclusive: (fact, value) => isNumberLike(fact) && (fact as Ordered) <= (value as Ordered),
  greaterThan: (fact, value) => isNumberLike(fact) && (fact as Ordered) > (value as Ordered),
  greaterThanInclusive: (fact, value) => isNumberLike(fact) && (fact as Ordered) >= (value as Ordered),
};

/** Thrown and caught inside this file: a decorator met a value that it does not apply to. */
const NOT_APPLICABLE = new TypeError('the operator does not apply to these values');

const DECORATORS: ReadonlyMap<string, DecoratorTest> = new Map<string, DecoratorTest>([
  ['someFact', (fact, value, next) => Array.isArray(fact) && fact.some((one) => next(one, value))],
  ['everyFact', (fact, value, next) => Array.isArray(fact) && fact.every((one) => next(one, value))],
  ['someValue', (fact, value, next) => arrayOf(value).some((one) => next(fact, one))],
  ['everyValue', (fact, value, next) => arrayOf(value).every((one) => next(fact, one))],
  ['swap', (fact, value, next) => next(value, fact)],
  ['not', (fact, value, next) => !next(fact, value)],
]);

function arrayOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw NOT_APPLICABLE;
  return value;
}

/** Under a decorator such as `not`, "does not apply" must not turn into true: it leaves the whole operator false. */
function strict(name: BuiltInOperator): OperatorTest {
  const test = BUILT_IN[name];
  if (name !== 'in' && name !== 'notIn') return test;
  return (fact, value) => {
    if (!isIndexed(value)) throw NOT_APPLICABLE;
    return test(fact, value);
  };
}

/** The operator of that name, decorators applied as json-rules-engine does; `undefined` if there is none. */
export function resolveOperator(
  name: string,
  registry: OperatorRegistry = EMPTY_REGISTRY,
): ResolvedOperator | undefined {
  const decorators: DecoratorTest[] = [];
  const parts: string[] = [];
  let custom = false;
  let rest = name;
  for (;;) {
    const own = registry.operators.get(rest);
    const builtIn = own === undefined ? BUILT_IN_OPERATORS.find((known) => known === rest) : undefined;
    if (own !== undefined || builtIn !== undefined) {
      parts.push(rest);
      custom ||= own !== undefined;
      const alone = decorators.length === 0;
      const base = own ?? (builtIn === undefined ? undefined : alone ? BUILT_IN[builtIn] : strict(builtIn));
      if (base === undefined) return undefined;
      const test = decorate(base, decorators, custom);
      return { name, test, builtIn: alone ? builtIn : undefined, parts, custom };
    }
    const colon = rest.indexOf(':');
    if (colon <= 0 || decorators.length >= DECORATORS_MAX) return undefined;
    const decoratorName = rest.slice(0, colon);
    const registered = registry.decorators.get(decoratorName);
    const decorator = registered ?? DECORATORS.get(decoratorName);
    if (decorator === undefined) return undefined;
    custom ||= registered !== undefined;
    parts.push(decoratorName);
    decorators.unshift(decorator);
    rest = rest.slice(colon + 1);
  }
}

function decorate(base: OperatorTest, decorators: readonly DecoratorTest[], custom: boolean): OperatorTest {
  let test: OperatorTest = base;
  for (const decorator of decorators) {
    const next = test;
    test = (fact, value) => decorator(fact, value, next);
  }
  const decorated = test;
  return (fact, value) => {
    try {
      return decorated(fact, value) === true;
    } catch (error) {
      // What a user's operator throws is the user's; ours mean "does not apply".
      if (custom && error !== NOT_APPLICABLE) throw error;
      return false;
    }
  };
}
