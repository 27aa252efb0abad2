/**
 * What a trace holds for one event type: each value that its rules read and the event itself does not carry, in slot
 * order. Requirement values and members of state facts are kept by path, so a trace is as small as what was looked at.
 */
import type { ByteReader } from '../../core/codec/byte-reader.ts';
import type { ByteWriter } from '../../core/codec/byte-writer.ts';
import type { SlotFile } from '../compiler/slot-file.ts';
import type { Slot } from '../compiler/slot-table.ts';
import { isBorneBy } from '../facts/known-facts.ts';
import { readPath } from '../language/read-path.ts';
import type { RuleTrigger } from '../rule-document.ts';
import type { RuleInput } from '../ruleset.ts';
import { generateTraceWriter, type WriteSlots } from './generate-trace-writer.ts';
import { readValues, type TextNumbers, writeValues } from './value-codec.ts';

const TRACE_VERSION = 2;

interface Member {
  readonly slot: Slot;
  /** Names to rebuild the value under; undefined where the whole fact is kept. */
  readonly names: readonly string[] | undefined;
}

export class TraceLayout {
  readonly #type: RuleTrigger;
  readonly #members: readonly Member[];
  /** Slots of the members. */
  readonly #slots: Int32Array;
  /** Slots that an evaluation may not have got to. */
  readonly #late: Int32Array;
  /** Members that no slot holds: of these the whole fact is kept. */
  readonly #fromFact: Int32Array;
  /** Of each member, the texts that rules compare it with. */
  readonly #names: readonly (TextNumbers | undefined)[];
  /** Version and slots, generated; undefined where that is not allowed, or whole facts are kept, or there are too many. */
  readonly #writeSlots: WriteSlots | undefined;
  readonly #scratch: unknown[];
  /** 0, 1, 2 …: the members as they lie in `#scratch`. */
  readonly #inOrder: Int32Array;

  /** `hot`: slots that every evaluation loads. `names`: by slot, the texts that rules compare it with. */
  constructor(
    type: RuleTrigger,
    slots: readonly Slot[],
    hot: ReadonlySet<number>,
    names: ReadonlyMap<number, TextNumbers>,
    generate: boolean,
  ) {
    this.#type = type;
    const traced = slots.filter(
      ({ source }) => source.kind === 'value' || (source.kind === 'fact' && !isBorneBy(type, source.name)),
    );
    const whole = new Set(traced.filter(isWhole).map(sourceOf));
    // Where the whole fact is kept, its members are in it.
    const needed = traced.filter((slot) => isWhole(slot) || !whole.has(sourceOf(slot)));
    this.#members = needed.map((slot) => ({ slot, names: slot.path?.names }));
    this.#slots = Int32Array.from(needed, ({ index }) => index);
    const inSlot = (slot: Slot) => slot.path === undefined || slot.path.names !== undefined;
    this.#late = Int32Array.from(
      needed.filter((slot) => inSlot(slot) && !hot.has(slot.index)).map(({ index }) => index),
    );
    this.#fromFact = Int32Array.from(needed.flatMap((slot, i) => (inSlot(slot) ? [] : [i])));
    this.#names = needed.map(({ index }) => names.get(index));
    this.#writeSlots =
      generate && this.#fromFact.length === 0
        ? generateTraceWriter(TRACE_VERSION, this.#slots, this.#names)
        : undefined;
    this.#scratch = needed.map(() => undefined);
    this.#inOrder = Int32Array.from(needed.keys());
  }

  write(writer: ByteWriter, input: RuleInput): void {
    writer.u8(TRACE_VERSION);
    const values = this.#members.map(({ slot, names }) => {
      const fact = factOf(slot, input);
      return names === undefined ? fact : readPath(fact, slot.path);
    });
    writeValues(writer, values, this.#inOrder, this.#names);
  }

  /** The same bytes, from the slots that an evaluation of this input has just loaded. Allocates nothing. */
  writeLoaded(writer: ByteWriter, input: RuleInput, file: SlotFile): void {
    const late = this.#late;
    for (let i = 0; i < late.length; i++) file.load(late[i] as number);
    if (this.#writeSlots !== undefined) {
      this.#writeSlots(file.s, writer);
      return;
    }
    writer.u8(TRACE_VERSION);
    if (this.#fromFact.length > 0) this.#writeWithFacts(writer, input, file);
    else writeValues(writer, file.s, this.#slots, this.#names);
  }

  #writeWithFacts(writer: ByteWriter, input: RuleInput, file: SlotFile): void {
    const values = this.#scratch;
    for (let i = 0; i < values.length; i++) values[i] = file.s[this.#slots[i] as number];
    for (const i of this.#fromFact) values[i] = factOf((this.#members[i] as Member).slot, input);
    writeValues(writer, values, this.#inOrder, this.#names);
  }

  /** The input that was written, as far as rules can tell. Throws a `RangeError` on bytes that are no trace of this layout. */
  read(reader: ByteReader, eventFacts: Readonly<Record<string, unknown>>, values: number): RuleInput {
    const version = reader.u8();
    if (version !== TRACE_VERSION) throw new RangeError(`trace version ${version} is not known`);
    const facts: Record<string, unknown> = {};
    for (const name of Object.keys(eventFacts)) if (isBorneBy(this.#type, name)) facts[name] = eventFacts[name];
    const read: unknown[] = new Array(values).fill(undefined);
    const stored = readValues(reader, this.#names);
    for (let i = 0; i < this.#members.length; i++) {
      const { slot, names } = this.#members[i] as Member;
      const value = stored[i];
      const { source } = slot;
      if (source.kind === 'value') read[source.index] = place(read[source.index], names, value);
      else if (source.kind === 'fact') facts[source.name] = place(facts[source.name], names, value);
    }
    if (reader.remaining > 0) throw new RangeError(`${reader.remaining} bytes follow the last value of the trace`);
    return { type: this.#type, facts, values: read };
  }
}

function isWhole(slot: Slot): boolean {
  return (slot.path?.names ?? []).length === 0;
}

function sourceOf({ source }: Slot): string {
  return source.kind === 'value' ? `value ${source.index}` : source.kind === 'fact' ? `fact ${source.name}` : 'ratio';
}

function factOf(slot: Slot, input: RuleInput): unknown {
  const { source } = slot;
  if (source.kind === 'value') return input.values[source.index];
  return source.kind === 'fact' && Object.hasOwn(input.facts, source.name) ? input.facts[source.name] : undefined;
}

/** Puts `value` under `names` into `holder`, making the objects on the way. A path of a scalar is the scalar. */
function place(holder: unknown, names: readonly string[] | undefined, value: unknown): unknown {
  if (names === undefined || names.length === 0) return value === undefined ? holder : value;
  if (value === undefined) return holder;
  const root = (holder !== null && typeof holder === 'object' ? holder : {}) as Record<string, unknown>;
  let at = root;
  for (const name of names.slice(0, -1)) {
    const next = Object.hasOwn(at, name) ? at[name] : undefined;
    // Text is kept as text: what a path reads of it, it reads of it again.
    if (next !== undefined && (next === null || typeof next !== 'object')) return root;
    at = next !== null && typeof next === 'object' ? (next as Record<string, unknown>) : define(at, name, {});
  }
  define(at, names.at(-1) as string, value);
  return root;
}

/** Own members only, whatever the name: `__proto__` is a name like any other here. */
function define<T>(target: Record<string, unknown>, name: string, value: T): T {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  return value;
}
