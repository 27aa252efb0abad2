/**
 * The condition tree of a rule, parsed from JSON: json-rules-engine's all, any, not, named conditions and comparisons,
 * each with the pointer that problems and explanations name. Nothing here knows which facts exist.
 */
import type { Problem } from '../../core/errors.ts';
import { isRecord } from './canonical.ts';
import { type OperatorRegistry, type ResolvedOperator, resolveOperator } from './operators.ts';
import { type JsonPath, type PathResolver, parsePath } from './path.ts';

/** A fact as a condition names it: `fact`, with `params` and a path into its value. */
export interface FactRead {
  readonly pointer: string;
  readonly fact: string;
  readonly params: Readonly<Record<string, unknown>> | undefined;
  readonly path: JsonPath | undefined;
}

export interface LeafCondition {
  readonly kind: 'leaf';
  readonly pointer: string;
  readonly left: FactRead;
  readonly operator: ResolvedOperator;
  readonly right:
    | { readonly kind: 'value'; readonly value: unknown }
    | { readonly kind: 'fact'; readonly read: FactRead };
}

export type Condition =
  | { readonly kind: 'all' | 'any'; readonly pointer: string; readonly children: readonly Condition[] }
  | { readonly kind: 'not'; readonly pointer: string; readonly child: Condition }
  /** A named condition; `target` is undefined where the name is not and may not be known: then it is false. */
  | {
      readonly kind: 'condition';
      readonly pointer: string;
      readonly name: string;
      readonly target: Condition | undefined;
      /** What the name stands for, as written. */
      readonly source: unknown;
    }
  | LeafCondition;

export interface ConditionContext {
  readonly registry: OperatorRegistry;
  readonly named: ReadonlyMap<string, unknown>;
  readonly allowUndefinedConditions: boolean;
  /** json-rules-engine takes an empty all or any for true; an emptied rule would fire on everything. */
  readonly allowEmpty: boolean;
  /** Replaces the path language; paths are then not looked into. */
  readonly pathResolver?: PathResolver;
  readonly problems: Problem[];
}

export const CONDITION_DEPTH_MAX = 32;
export const CONDITION_LEAVES_MAX = 1_000;
const BRANCHES = ['any', 'all', 'not'] as const;

/** Parses `root`, which must be a branch or a reference; adds to `problems` and returns undefined where it is not sound. */
export function parseConditions(root: unknown, pointer: string, context: ConditionContext): Condition | undefined {
  const before = context.problems.length;
  if (!isRecord(root) || !(['all', 'any', 'not', 'condition'] as const).some((name) => Object.hasOwn(root, name))) {
    report(context, 'rule.invalid', pointer, 'conditions must hold one of all, any, not or condition');
    return undefined;
  }
  const parsed = new ConditionParser(context).parse(root, pointer, 0);
  return context.problems.length > before ? undefined : parsed;
}

function report(context: ConditionContext, code: Problem['code'], pointer: string, message: string): undefined {
  context.problems.push({ code, pointer, message });
  return undefined;
}

class ConditionParser {
  readonly #context: ConditionContext;
  /** Named conditions that are being expanded: one that reaches itself would never end. */
  readonly #open: string[] = [];
  #leaves = 0;

  constructor(context: ConditionContext) {
    this.#context = context;
  }

  parse(value: unknown, pointer: string, depth: number): Condition | undefined {
    if (!isRecord(value)) return this.#problem('rule.invalid', pointer, 'a condition must be an object');
    if (depth > CONDITION_DEPTH_MAX)
      return this.#problem('rule.too_large', pointer, `conditions nest at most ${CONDITION_DEPTH_MAX} deep`);
    const kinds = [...BRANCHES, 'condition', 'fact'].filter((name) => Object.hasOwn(value, name));
    if (kinds.length > 1)
      return this.#problem('rule.invalid', pointer, `a condition is one of ${kinds.join(' and ')}, not both`);
    const branch = BRANCHES.find((name) => Object.hasOwn(value, name));
    if (branch === 'not') {
      if (Array.isArray(value.not))
        return this.#problem('rule.invalid', `${pointer}/not`, '"not" takes one condition, no array');
      const child = this.parse(value.not, `${pointer}/not`, depth + 1);
      return child && { kind: 'not', pointer, child };
    }
    if (branch !== undefined) return this.#parseBranch(branch, value[branch], pointer, depth);
    if (Object.hasOwn(value, 'condition')) return this.#parseReference(value.condition, pointer, depth);
    return this.#parseLeaf(value, pointer);
  }

  #parseBranch(kind: 'all' | 'any', list: unknown, pointer: string, depth: number): Condition | undefined {
    if (!Array.isArray(list)) return this.#problem('rule.invalid', `${pointer}/${kind}`, `"${kind}" must be an array`);
    if (list.length === 0 && !this.#context.allowEmpty)
      return this.#problem('rule.empty', `${pointer}/${kind}`, `an empty "${kind}" would be true for everything`);
    const children = list.map((child, i) => this.parse(child, `${pointer}/${kind}/${i}`, depth + 1));
    const sound = children.filter((child) => child !== undefined);
    return sound.length === children.length ? { kind, pointer, children: sound } : undefined;
  }

  #parseReference(name: unknown, pointer: string, depth: number): Condition | undefined {
    const at = `${pointer}/condition`;
    if (typeof name !== 'string') return this.#problem('rule.invalid', at, 'the name of a condition is a string');
    if (this.#open.includes(name))
      return this.#problem('rule.cyclic', at, `the condition reaches itself: ${[...this.#open, name].join(' → ')}`);
    const target = this.#context.named.get(name);
    if (target === undefined) {
      if (this.#context.allowUndefinedConditions)
        return { kind: 'condition', pointer, name, target: undefined, source: undefined };
      return this.#problem('rule.unknown_condition', at, `there is no condition named "${name}"`);
    }
    this.#open.push(name);
    const parsed = this.parse(target, pointer, depth + 1);
    this.#open.pop();
    return parsed && { kind: 'condition', pointer, name, target: parsed, source: target };
  }

  #parseLeaf(value: Readonly<Record<string, unknown>>, pointer: string): Condition | undefined {
    if (++this.#leaves > CONDITION_LEAVES_MAX)
      return this.#problem('rule.too_large', pointer, `a rule holds at most ${CONDITION_LEAVES_MAX} comparisons`);
    for (const name of ['fact', 'operator', 'value'])
      if (!Object.hasOwn(value, name)) return this.#problem('rule.invalid', pointer, `a condition needs "${name}"`);
    const name = value.operator;
    const operator = typeof name === 'string' ? resolveOperator(name, this.#context.registry) : undefined;
    if (operator === undefined)
      this.#problem(
        'rule.unknown_operator',
        `${pointer}/operator`,
        `there is no operator ${JSON.stringify(name) ?? 'undefined'}`,
      );
    const left = this.parseRead(value, pointer);
    const wanted = value.value;
    const isFact = isRecord(wanted) && Object.hasOwn(wanted, 'fact');
    const read = isFact ? this.parseRead(wanted, `${pointer}/value`) : undefined;
    if (left === undefined || operator === undefined || (isFact && read === undefined)) return undefined;
    const right: LeafCondition['right'] =
      read === undefined ? { kind: 'value', value: wanted } : { kind: 'fact', read };
    return { kind: 'leaf', pointer, left, operator, right };
  }

  parseRead(value: Readonly<Record<string, unknown>>, pointer: string): FactRead | undefined {
    const { fact, params, path } = value;
    if (typeof fact !== 'string' || fact === '')
      return this.#problem('rule.invalid', `${pointer}/fact`, 'the name of a fact is a string');
    if (params !== undefined && params !== null && !isRecord(params))
      return this.#problem('rule.bad_params', `${pointer}/params`, 'params must be an object');
    let parsed: JsonPath | undefined;
    if (path !== undefined && path !== null && path !== '') {
      if (typeof path !== 'string') return this.#problem('rule.bad_path', `${pointer}/path`, 'a path is a string');
      const { pathResolver } = this.#context;
      const result = pathResolver
        ? { text: path, steps: [], names: undefined, resolve: pathResolver }
        : parsePath(path);
      if (typeof result === 'string') return this.#problem('rule.bad_path', `${pointer}/path`, result);
      parsed = result;
    }
    return { pointer, fact, params: params ?? undefined, path: parsed };
  }

  #problem(code: Problem['code'], pointer: string, message: string): undefined {
    return report(this.#context, code, pointer, message);
  }
}

/** A fact read outside a condition, as in a ratio's operands or an event's params. */
export function parseFactRead(value: unknown, pointer: string, problems: Problem[]): FactRead | undefined {
  const context = { registry: { operators: new Map(), decorators: new Map() }, named: new Map() };
  if (!isRecord(value)) {
    problems.push({ code: 'rule.bad_params', pointer, message: 'a fact is named by an object with "fact"' });
    return undefined;
  }
  return new ConditionParser({ ...context, allowUndefinedConditions: false, allowEmpty: false, problems }).parseRead(
    value,
    pointer,
  );
}

/** Every comparison of a tree, in document order. */
export function* leavesOf(condition: Condition): Generator<LeafCondition> {
  switch (condition.kind) {
    case 'leaf':
      yield condition;
      return;
    case 'not':
      yield* leavesOf(condition.child);
      return;
    case 'condition':
      if (condition.target !== undefined) yield* leavesOf(condition.target);
      return;
    default:
      for (const child of condition.children) yield* leavesOf(child);
  }
}
