/**
 * The compiler's form of conditions: leaves over slots, hash-consed so that equal subconditions are one object, with
 * constants folded away. Every leaf is pure and total, so order and sharing never change a result.
 */
import { canonicalText } from '../language/canonical.ts';
import type { ResolvedOperator } from '../language/operators.ts';

export interface Leaf {
  readonly kind: 'leaf';
  readonly id: number;
  readonly slot: number;
  readonly operator: ResolvedOperator;
  /** The slot on the right, or undefined where `value` is the constant. */
  readonly rightSlot: number | undefined;
  readonly value: unknown;
}

export interface Branch {
  readonly kind: 'all' | 'any';
  readonly id: number;
  readonly children: readonly Expression[];
}

export interface Negation {
  readonly kind: 'not';
  readonly id: number;
  readonly child: Expression;
}

export interface Constant {
  readonly kind: 'constant';
  readonly id: number;
  readonly value: boolean;
}

export type Expression = Leaf | Branch | Negation | Constant;

export const TRUE: Constant = { kind: 'constant', id: 0, value: true };
export const FALSE: Constant = { kind: 'constant', id: 1, value: false };

export class ExpressionTable {
  readonly #byKey = new Map<string, Expression>();
  #nextId = 2;

  leaf(slot: number, operator: ResolvedOperator, right: { slot: number } | { value: unknown }): Expression {
    const rightKey = 'slot' in right ? `s${right.slot}` : canonicalText(right.value);
    return this.#intern(`${slot} ${operator.name} ${rightKey}`, (id) => ({
      kind: 'leaf',
      id,
      slot,
      operator,
      rightSlot: 'slot' in right ? right.slot : undefined,
      value: 'slot' in right ? undefined : right.value,
    }));
  }

  not(child: Expression): Expression {
    if (child.kind === 'constant') return child.value ? FALSE : TRUE;
    if (child.kind === 'not') return child.child;
    return this.#intern(`not ${child.id}`, (id) => ({ kind: 'not', id, child }));
  }

  /** An empty `all` and an empty `any` are both true, as json-rules-engine has it. */
  branch(kind: 'all' | 'any', children: readonly Expression[]): Expression {
    if (children.length === 0) return TRUE;
    const absorbing = kind === 'any';
    const kept = new Map<number, Expression>();
    for (const child of children) {
      if (child.kind === 'constant') {
        if (child.value === absorbing) return child;
        continue;
      }
      if (child.kind === kind) for (const inner of child.children) kept.set(inner.id, inner);
      else kept.set(child.id, child);
    }
    for (const child of kept.values()) {
      if (child.kind === 'not' && kept.has(child.child.id)) return absorbing ? TRUE : FALSE;
    }
    const rest = [...kept.values()];
    if (rest.length === 0) return absorbing ? FALSE : TRUE;
    if (rest.length === 1) return rest[0] as Expression;
    const key = `${kind} ${rest
      .map((child) => child.id)
      .sort((a, b) => a - b)
      .join(' ')}`;
    return this.#intern(key, (id) => ({ kind, id, children: rest }));
  }

  /** The same branch with its parts in another order. Not shared: what comes after does not look for it again. */
  reorder(branch: Branch, children: readonly Expression[]): Expression {
    const same = children.every((child, i) => child === branch.children[i]);
    return same ? branch : { kind: branch.kind, id: this.#nextId++, children };
  }

  /** A conjunction of parts that are folded already. */
  conjunction(parts: readonly Expression[]): Expression {
    if (parts.length === 0) return TRUE;
    return parts.length === 1 ? (parts[0] as Expression) : { kind: 'all', id: this.#nextId++, children: parts };
  }

  #intern(key: string, make: (id: number) => Expression): Expression {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const made = make(this.#nextId++);
    this.#byKey.set(key, made);
    return made;
  }
}
