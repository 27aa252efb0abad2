/**
 * Generates the function that loads the slots which many rules read: one straight-line pass over the facts, each
 * member read once however many paths lead through it.
 */
import { toComparable } from '../language/operators.ts';
import type { Facts } from './read-slot.ts';
import type { SlotFile } from './slot-file.ts';
import type { Slot } from './slot-table.ts';
import { type Source, SourceBuilder } from './source-builder.ts';

export type LoadSlots = (
  facts: Facts,
  values: readonly unknown[],
  s: unknown[],
  n: Float64Array,
  file: SlotFile,
) => void;

/** A loader stays below this many slots, so that the optimising compiler takes it. */
const LOADER_SLOTS_MAX = 128;

/** `hot`: the slots to load, operands of ratios before the ratios. */
export function generateLoaders(
  slots: readonly Slot[],
  hot: readonly number[],
  numeric: ReadonlySet<number>,
): LoadSlots[] {
  const groups = new Map<string, Slot[]>();
  const ratios: Slot[] = [];
  for (const index of hot) {
    const slot = slots[index];
    if (slot === undefined) continue;
    const { source } = slot;
    if (source.kind === 'ratio') {
      ratios.push(slot);
      continue;
    }
    const root = source.kind === 'fact' ? `fact ${source.name}` : `value ${source.index}`;
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [slot]);
    else group.push(slot);
  }
  const loaders: LoadSlots[] = [];
  let generator = new LoaderGenerator(numeric);
  for (const group of [...groups.values(), ...ratios.map((slot) => [slot])]) {
    if (generator.size > 0 && generator.size + group.length > LOADER_SLOTS_MAX) {
      loaders.push(generator.compile());
      generator = new LoaderGenerator(numeric);
    }
    generator.add(group);
  }
  if (generator.size > 0) loaders.push(generator.compile());
  return loaders;
}

interface PathNode {
  readonly children: Map<string, PathNode>;
  readonly slots: Slot[];
}

class LoaderGenerator {
  readonly #builder = new SourceBuilder();
  readonly #numeric: ReadonlySet<number>;
  readonly #statements: Source[] = [];
  #locals = 0;
  size = 0;

  constructor(numeric: ReadonlySet<number>) {
    this.#numeric = numeric;
  }

  /** Slots of one root, or one ratio. */
  add(group: readonly Slot[]): void {
    const [first] = group;
    if (first === undefined) return;
    this.size += group.length;
    const b = this.#builder;
    const { source } = first;
    if (source.kind === 'ratio') {
      this.#addRatio(first.index, source.of, source.to);
      return;
    }
    const object =
      source.kind === 'fact' ? b.member(b.join`facts`, source.name) : b.join`values[${b.integer(source.index)}]`;
    const simple = object === undefined ? [] : group.filter((slot) => this.#isSimple(slot));
    for (const slot of group)
      if (!simple.includes(slot)) this.#statements.push(b.join`t.load(${b.integer(slot.index)});`);
    if (object === undefined || simple.length === 0) return;
    const root: PathNode = { children: new Map(), slots: [] };
    for (const slot of simple) insert(root, slot);
    const v = this.#local();
    const withPath = simple.filter((slot) => (slot.path?.names ?? []).length > 0);
    const whole = b.list(
      root.slots.map((slot) => this.#store(slot, v)),
      '',
    );
    const members = b.list(
      [...root.children].map(([name, node]) => this.#readChild(v, name, node)),
      '',
    );
    const scalar = b.list(
      withPath.map((slot) => this.#store(slot, v)),
      '',
    );
    const calls = b.list(
      simple.map((slot) => b.join`t.load(${b.integer(slot.index)});`),
      '',
    );
    // Of a scalar fact a path is the fact itself; a function is called through the slot file.
    this.#statements.push(
      b.join`const ${v}=${object};if(typeof ${v}==="function"){${calls}}else{${whole}if(typeof ${v}==="object"&&${v}!==null){${members}}else{${scalar}}}`,
    );
  }

  compile(): LoadSlots {
    // The builder's text has this shape for every input.
    return this.#builder.compile('facts,values,s,n,t', this.#builder.list(this.#statements, '')) as LoadSlots;
  }

  #isSimple(slot: Slot): boolean {
    if (slot.path === undefined) return true;
    const { names } = slot.path;
    const b = this.#builder;
    return names?.every((name) => b.member(b.join`s`, name) !== undefined) ?? false;
  }

  #readChild(parent: Source, name: string, node: PathNode): Source {
    const b = this.#builder;
    const member = b.member(parent, name);
    if (member === undefined) throw new RangeError('only simple names are inserted');
    const v = this.#local();
    const stores = b.list(
      node.slots.map((slot) => this.#store(slot, v)),
      '',
    );
    const below = [...node.children];
    if (below.length === 0) return b.join`const ${v}=${member};${stores}`;
    const reads = b.list(
      below.map(([child, inner]) => this.#readChild(v, child, inner)),
      '',
    );
    const absent = b.list(
      slotsBelow(node).map((slot) => this.#store(slot, b.join`undefined`)),
      '',
    );
    return b.join`const ${v}=${member};${stores}if(${v}===undefined||${v}===null){${absent}}else{${reads}}`;
  }

  #store(slot: Slot, value: Source): Source {
    const b = this.#builder;
    const index = b.integer(slot.index);
    if (!this.#numeric.has(slot.index)) return b.join`s[${index}]=${value};`;
    return b.join`s[${index}]=${value};n[${index}]=typeof ${value}==="number"?${value}:${b.constant(toComparable)}(${value});`;
  }

  #addRatio(slot: number, of: number, to: number): void {
    const b = this.#builder;
    const [at, above, below] = [b.integer(slot), b.integer(of), b.integer(to)];
    const v = this.#local();
    const defined = b.join`typeof s[${above}]==="number"&&typeof s[${below}]==="number"&&s[${below}]!==0`;
    this.#statements.push(
      b.join`const ${v}=${defined}?s[${above}]/s[${below}]:undefined;s[${at}]=${v};n[${at}]=${v}===undefined?NaN:${v};`,
    );
  }

  #local(): Source {
    return this.#builder.local('v', this.#locals++);
  }
}

function insert(root: PathNode, slot: Slot): void {
  let node = root;
  for (const name of slot.path?.names ?? []) {
    let next = node.children.get(name);
    if (next === undefined) {
      next = { children: new Map(), slots: [] };
      node.children.set(name, next);
    }
    node = next;
  }
  node.slots.push(slot);
}

/** Slots of the nodes under `node`, its own left out. */
function slotsBelow(node: PathNode): Slot[] {
  return [...node.children.values()].flatMap((child) => [...child.slots, ...slotsBelow(child)]);
}
