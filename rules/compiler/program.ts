/**
 * Expressions as a branching program: each instruction is one comparison with a successor for true and one for false,
 * so a rule runs without a stack, without calls between conditions and without allocation. One interpreter serves all
 * rules; it is the evaluator where code generation is forbidden, and for rules that an index selects one by one.
 */
import type { OperatorTest } from '../language/operators.ts';
import type { Expression, Leaf } from './expression.ts';
import { kindOf } from './leaf-kind.ts';
import type { SlotFile } from './slot-file.ts';

export const ACCEPT = -1;
export const REJECT = -2;

const GT = 0;
const GE = 1;
const LT = 2;
const LE = 3;
const EQ = 4;
const NE = 5;
const IN = 6;
const NOT_IN = 7;
const TEST_VALUE = 8;
const TEST_SLOT = 9;
/** Added where the slot is loaded only now. */
const COLD = 16;
/** Added where the slot on the right is loaded only now. */
const COLD_RIGHT = 32;
const OPERATION = 15;

const NUMBER_OPS = { '>': GT, '>=': GE, '<': LT, '<=': LE } as const;
const STRIDE = 4;

interface BoundTest {
  readonly test: OperatorTest;
  readonly value: unknown;
}

export class ProgramBuilder {
  /** op, slot, successor if true, successor if false. */
  readonly #code: number[] = [];
  readonly #numbers: number[] = [];
  readonly #constants: unknown[] = [];
  /** Row and entry, in turn. */
  readonly #rows: number[] = [];
  readonly #isCold: (slot: number) => boolean;

  constructor(isCold: (slot: number) => boolean) {
    this.#isCold = isCold;
  }

  /** How many rows were added: they stand in the order they came. */
  get entries(): number {
    return this.#rows.length / 2;
  }

  addRow(row: number, expression: Expression): void {
    this.#rows.push(row, this.emit(expression));
  }

  /** Emits `expression` and returns its entry; ACCEPT and REJECT are entries too. */
  emit(expression: Expression, onTrue: number = ACCEPT, onFalse: number = REJECT): number {
    switch (expression.kind) {
      case 'constant':
        return expression.value ? onTrue : onFalse;
      case 'not':
        return this.emit(expression.child, onFalse, onTrue);
      case 'leaf':
        return this.#emitLeaf(expression, onTrue, onFalse);
      default: {
        let next = expression.kind === 'all' ? onTrue : onFalse;
        for (let i = expression.children.length - 1; i >= 0; i--) {
          const child = expression.children[i] as Expression;
          next = expression.kind === 'all' ? this.emit(child, next, onFalse) : this.emit(child, onTrue, next);
        }
        return next;
      }
    }
  }

  #emitLeaf(leaf: Leaf, onTrue: number, onFalse: number): number {
    const cold =
      (this.#isCold(leaf.slot) ? COLD : 0) |
      (leaf.rightSlot !== undefined && this.#isCold(leaf.rightSlot) ? COLD_RIGHT : 0);
    const shape = kindOf(leaf);
    switch (shape.kind) {
      case 'number':
        return this.#push(NUMBER_OPS[shape.operator] | cold, leaf, onTrue, onFalse, shape.bound, undefined);
      case 'equal':
        return this.#push((shape.negated ? NE : EQ) | cold, leaf, onTrue, onFalse, 0, shape.value);
      case 'member':
        return this.#push((shape.negated ? NOT_IN : IN) | cold, leaf, onTrue, onFalse, 0, shape.members);
      default: {
        const { test } = leaf.operator;
        if (leaf.rightSlot !== undefined)
          return this.#push(TEST_SLOT | cold, leaf, onTrue, onFalse, leaf.rightSlot, test);
        return this.#push(TEST_VALUE | cold, leaf, onTrue, onFalse, 0, { test, value: leaf.value } satisfies BoundTest);
      }
    }
  }

  #push(op: number, leaf: Leaf, onTrue: number, onFalse: number, number: number, constant: unknown): number {
    this.#code.push(op, leaf.slot, onTrue, onFalse);
    this.#constants.push(constant);
    return this.#numbers.push(number) - 1;
  }

  /** Hands what was emitted to `program`; entries stay valid. */
  seal(program: Program): void {
    program.load(
      Int32Array.from(this.#code),
      Float64Array.from(this.#numbers),
      this.#constants,
      Int32Array.from(this.#rows),
    );
  }
}

export class Program {
  readonly #file: SlotFile;
  #code = new Int32Array(0);
  #numbers = new Float64Array(0);
  #constants: readonly unknown[] = [];
  #rows = new Int32Array(0);

  constructor(file: SlotFile) {
    this.#file = file;
  }

  load(
    code: Int32Array<ArrayBuffer>,
    numbers: Float64Array<ArrayBuffer>,
    constants: readonly unknown[],
    rows: Int32Array<ArrayBuffer>,
  ): void {
    this.#rows = rows;
    this.#code = code;
    this.#numbers = numbers;
    this.#constants = constants;
  }

  /** Runs the rows from `start` up to `end`; writes those that are true from `count` on and returns the new count. */
  runRange(start: number, end: number, fired: Int32Array, count: number): number {
    const rows = this.#rows;
    let next = count;
    for (let i = start * 2; i < end * 2; i += 2) {
      if (this.run(rows[i + 1] as number)) fired[next++] = rows[i] as number;
    }
    return next;
  }

  /** Runs from `entry` over the loaded slots. Every successor lies before its instruction, so it ends. */
  run(entry: number): boolean {
    const code = this.#code;
    const numbers = this.#numbers;
    const constants = this.#constants;
    const { s, n } = this.#file;
    let pc = entry;
    while (pc >= 0) {
      const at = pc * STRIDE;
      const slot = code[at + 1] as number;
      let op = code[at] as number;
      if (op > OPERATION) {
        if ((op & COLD) !== 0) this.#file.load(slot);
        if ((op & COLD_RIGHT) !== 0) this.#file.load(numbers[pc] as number);
        op &= OPERATION;
      }
      let result: boolean;
      switch (op) {
        case GT:
          result = (n[slot] as number) > (numbers[pc] as number);
          break;
        case GE:
          result = (n[slot] as number) >= (numbers[pc] as number);
          break;
        case LT:
          result = (n[slot] as number) < (numbers[pc] as number);
          break;
        case LE:
          result = (n[slot] as number) <= (numbers[pc] as number);
          break;
        case EQ:
          result = s[slot] === constants[pc];
          break;
        case NE:
          result = s[slot] !== constants[pc];
          break;
        case IN:
          result = (constants[pc] as ReadonlySet<unknown>).has(s[slot]);
          break;
        case NOT_IN:
          result = !(constants[pc] as ReadonlySet<unknown>).has(s[slot]);
          break;
        case TEST_VALUE: {
          const bound = constants[pc] as BoundTest;
          result = bound.test(s[slot], bound.value);
          break;
        }
        default:
          result = (constants[pc] as OperatorTest)(s[slot], s[numbers[pc] as number]);
      }
      pc = code[result ? at + 2 : at + 3] as number;
    }
    return pc === ACCEPT;
  }
}
