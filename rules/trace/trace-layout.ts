/**
 * What a trace holds for one event type: each value that its rules read and the event itself does not carry, in slot
 * order. Requirement values and members of state facts are kept by path, so a trace is as small as what was looked at.
 */
import type { ByteReader } from '../../core/codec/byte-reader.ts';
import type { ByteWriter } from '../../core/codec/byte-writer.ts';
import type { SlotFile } from '../compiler/slot-file.ts';
import type { Slot } from '../compiler/slot-table.ts';
import { STATE_FACTS } from '../facts/known-facts.ts';
import { readPath } from '../language/read-path.ts';
import type { RuleInput } from '../ruleset.ts';
import { readValue, writeValue } from './value-codec.ts';

const TRACE_VERSION = 1;

interface Member {
  readonly slot: Slot;
  /** Names to rebuild the value under; undefined where the whole fact is kept. */
  readonly names: readonly string[] | undefined;
}

export class TraceLayout {
  readonly #members: readonly Member[];

  constructor(slots: readonly Slot[]) {
    const traced = slots.filter(
      ({ source }) => source.kind === 'value' || (source.kind === 'fact' && STATE_FACTS.has(source.name)),
    );
    this.#members = traced.map((slot) => ({ slot, names: slot.path?.names }));
  }

  write(writer: ByteWriter, input: RuleInput): void {
    writer.u8(TRACE_VERSION);
    for (const { slot, names } of this.#members) {
      const fact = factOf(slot, input);
      writeValue(writer, names === undefined ? fact : readPath(fact, slot.path));
    }
  }

  /** The same bytes, from the slots that an evaluation of this input has just loaded. */
  writeLoaded(writer: ByteWriter, input: RuleInput, file: SlotFile, hot: ReadonlySet<number>): void {
    writer.u8(TRACE_VERSION);
    const members = this.#members;
    for (let i = 0; i < members.length; i++) {
      const { slot, names } = members[i] as Member;
      if (names === undefined && slot.path !== undefined) writeValue(writer, factOf(slot, input));
      else {
        if (!hot.has(slot.index)) file.load(slot.index);
        writeValue(writer, file.s[slot.index]);
      }
    }
  }

  /** The input that was written, as far as rules can tell. Throws a `RangeError` on bytes that are no trace of this layout. */
  read(
    reader: ByteReader,
    type: RuleInput['type'],
    eventFacts: Readonly<Record<string, unknown>>,
    values: number,
  ): RuleInput {
    const version = reader.u8();
    if (version !== TRACE_VERSION) throw new RangeError(`trace version ${version} is not known`);
    const facts: Record<string, unknown> = {};
    for (const name of Object.keys(eventFacts)) if (!STATE_FACTS.has(name)) facts[name] = eventFacts[name];
    const read: unknown[] = new Array(values).fill(undefined);
    for (const { slot, names } of this.#members) {
      const value = readValue(reader);
      const { source } = slot;
      if (source.kind === 'value') read[source.index] = place(read[source.index], names, value);
      else if (source.kind === 'fact') facts[source.name] = place(facts[source.name], names, value);
    }
    if (reader.remaining > 0) throw new RangeError(`${reader.remaining} bytes follow the last value of the trace`);
    return { type, facts, values: read };
  }
}

function factOf(slot: Slot, input: RuleInput): unknown {
  const { source } = slot;
  if (source.kind === 'value') return input.values[source.index];
  return source.kind === 'fact' && Object.hasOwn(input.facts, source.name) ? input.facts[source.name] : undefined;
}

/** Puts `value` under `names` into `holder`, making the objects on the way. A path of a scalar is the scalar. */
function place(holder: unknown, names: readonly string[] | undefined, value: unknown): unknown {
  if (names === undefined || names.length === 0) return value ?? holder;
  if (value === undefined) return holder;
  const root = (holder !== null && typeof holder === 'object' ? holder : {}) as Record<string, unknown>;
  let at = root;
  for (const name of names.slice(0, -1)) {
    const next = Object.hasOwn(at, name) ? at[name] : undefined;
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
