/**
 * Events to rows: one writer per event type. A bit in `present` per optional member tells absent from empty, and members
 * that no column is for go to `extra` as JSON of the same shape, so that `read-event.ts` gives back what came in.
 */
import { AMOUNT, FIRST, ID, SOURCE, SUBJECT } from '../../core/codec/transaction-fields.ts';
import type { TransactionView } from '../../core/codec/transaction-view.ts';
import type { EventType, WeirEvent } from '../../core/events/event.ts';
import type { AcceptedItem } from '../../core/outcomes/outcome-items.ts';
import { ArrayColumn } from '../native/array-column.ts';
import type { Column } from '../native/column.ts';
import { Float64Column, Int16Column, Int64Column, UInt8Column, UInt32Column } from '../native/number-columns.ts';
import { StringColumn, TagColumn } from '../native/text-columns.ts';
import { type ColumnKind, EVENT_TABLES, type EventField, isGroup } from './event-fields.ts';
import { addPositionColumns, type RowPosition, TIME_TYPE } from './position-columns.ts';
import { TableWriter } from './table-writer.ts';

type Members = Readonly<Record<string, unknown>>;

interface ValueColumn {
  /** Pushes the value, or the column's default for `undefined`. */
  readonly push: (value: unknown) => void;
  /** The same of a field of a transaction. */
  readonly pushField: (view: TransactionView, field: number) => void;
}

interface ValueWriter extends ValueColumn {
  readonly name: string;
  readonly bit: number;
}

interface GroupWriter {
  readonly name: string;
  readonly bit: number;
  readonly members: readonly ValueWriter[];
}

export interface EventTableWriter extends TableWriter {
  append(event: WeirEvent, customer: string, late: boolean, position: RowPosition): void;
  /** The same row of a transaction that is read where it lies: `item` holds it. Of the table of transactions only. */
  appendView(view: TransactionView, item: AcceptedItem, position: RowPosition): void;
}

export function createEventTableWriter(type: EventType): EventTableWriter {
  const { table, fields } = EVENT_TABLES[type];
  const writer = new TableWriter(table);
  const pushPosition = addPositionColumns(writer);
  const eventId = writer.add('event_id', new StringColumn());
  const source = writer.add('source', new TagColumn());
  const subject = writer.add('subject', new StringColumn());
  const customer = writer.add('customer', new StringColumn());
  const time = writer.add('time', new Int64Column(TIME_TYPE));
  const offsetMinutes = writer.add('offset_minutes', new Int16Column());
  const late = writer.add('late', new UInt8Column());
  const data = createDataWriter(writer, fields);
  const present = writer.add('present', new UInt32Column());
  const extra = writer.add('extra', new StringColumn());

  return Object.assign(writer, {
    append(event: WeirEvent, resolved: string, isLate: boolean, position: RowPosition) {
      pushPosition(position);
      eventId.push(event.id);
      source.push(event.source);
      subject.push(event.subject);
      customer.push(resolved);
      time.push(event.timeMs);
      offsetMinutes.push(event.offsetMinutes);
      late.push(isLate ? 1 : 0);
      present.push(data.push(event.data));
      extra.push(lastExtra === undefined ? '' : JSON.stringify(lastExtra));
      writer.rows++;
    },
    appendView(view: TransactionView, item: AcceptedItem, position: RowPosition) {
      pushPosition(position);
      eventId.pushFrom(view.bytes, view.at(ID), view.length(ID));
      source.push(view.word(SOURCE));
      subject.pushFrom(view.bytes, view.at(SUBJECT), view.length(SUBJECT));
      customer.pushFrom(view.bytes, item.customerAt, item.customerLength);
      time.push(view.timeMs);
      offsetMinutes.push(view.offsetMinutes);
      late.push(item.late ? 1 : 0);
      present.push(data.pushView(view));
      // A view has no members but those that columns are for.
      extra.push('');
      writer.rows++;
    },
  });
}

/** Set by the data writer for the row it has just written; a return value would cost an object per row. */
let lastExtra: Record<string, unknown> | undefined;

interface DataWriter {
  /** Pushes a value to each column and returns `present`; `lastExtra` is what no column is for. */
  push(data: Members): number;
  /** The same of a transaction, whose fields are numbered in the order of its columns. */
  pushView(view: TransactionView): number;
}

function createDataWriter(writer: TableWriter, fields: readonly EventField[]): DataWriter {
  let bits = 0;
  const nextBit = () => (1 << bits++) >>> 0;
  const writers: (ValueWriter | GroupWriter)[] = fields.map((field) => {
    if (!isGroup(field)) return { name: field.name, bit: nextBit(), ...addColumn(writer, field.column, field.kind) };
    const bit = nextBit();
    const members = field.fields.map((member) => ({
      name: member.name,
      bit: nextBit(),
      ...addColumn(writer, member.column, member.kind),
    }));
    return { name: field.name, bit, members };
  });
  if (bits > 32) throw new RangeError(`${writer.table} has ${bits} members, "present" has 32 bits`);
  const known = new Set(fields.map((field) => field.name));
  const knownInGroup = new Map(
    fields.filter(isGroup).map((field) => [field.name, new Set(field.fields.map((member) => member.name))]),
  );

  const push = (data: Members): number => {
    let present = 0;
    let found = 0;
    let extra: Record<string, unknown> | undefined;
    for (const field of writers) {
      const value = data[field.name];
      if (value !== undefined) {
        present |= field.bit;
        found++;
      }
      if ('push' in field) {
        field.push(value);
        continue;
      }
      const group = (value ?? NO_MEMBERS) as Members;
      let foundInGroup = 0;
      for (const member of field.members) {
        const inner = group[member.name];
        if (inner !== undefined) {
          present |= member.bit;
          foundInGroup++;
        }
        member.push(inner);
      }
      if (Object.keys(group).length !== foundInGroup) {
        const unknown = unknownMembers(group, knownInGroup.get(field.name) ?? known);
        if (unknown !== undefined) extra = { ...extra, [field.name]: unknown };
      }
    }
    if (Object.keys(data).length !== found) extra = mergeExtra(extra, unknownMembers(data, known));
    lastExtra = extra;
    return present >>> 0;
  };

  const pushView = (view: TransactionView): number => {
    let present = 0;
    for (let i = 0; i < writers.length; i++) {
      const field = writers[i] as ValueWriter | GroupWriter;
      const number = AMOUNT + i;
      if (view.has(number)) present |= field.bit;
      if ('push' in field) {
        field.pushField(view, number);
        continue;
      }
      for (let k = 0; k < field.members.length; k++) {
        const member = field.members[k] as ValueWriter;
        const inner = (FIRST[number] as number) + k;
        if (view.has(inner)) present |= member.bit;
        member.pushField(view, inner);
      }
    }
    return present >>> 0;
  };
  return { push, pushView };
}

const NO_MEMBERS: Members = Object.freeze({});

function mergeExtra(
  groups: Record<string, unknown> | undefined,
  top: Record<string, unknown> | undefined,
): Record<string, unknown> | undefined {
  return groups === undefined || top === undefined ? (groups ?? top) : { ...top, ...groups };
}

function unknownMembers(members: Members, known: ReadonlySet<string>): Record<string, unknown> | undefined {
  const entries = Object.entries(members).filter(([name, value]) => !known.has(name) && value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function addColumn(writer: TableWriter, name: string, kind: ColumnKind): ValueColumn {
  // The schemas of `core/events` have held for every event in the log, so a member has its column's type.
  const add = <C extends Column>(column: C): C => writer.add(name, column);
  const noField = (): never => {
    throw new RangeError(`a transaction has no member of kind ${kind}`);
  };
  switch (kind) {
    case 'integer': {
      const column = add(new Int64Column('Int64'));
      return {
        push: (value) => column.push(value === undefined ? 0 : (value as number)),
        pushField: (view, field) => column.push(view.number(field) ?? 0),
      };
    }
    case 'float': {
      const column = add(new Float64Column());
      return {
        push: (value) => column.push(value === undefined ? Number.NaN : (value as number)),
        pushField: (view, field) => column.push(view.number(field) ?? Number.NaN),
      };
    }
    case 'text': {
      const column = add(new StringColumn());
      return {
        push: (value) => column.push(value === undefined ? '' : (value as string)),
        pushField: (view, field) => column.pushFrom(view.bytes, view.at(field), view.length(field)),
      };
    }
    case 'tag': {
      const column = add(new TagColumn());
      return {
        push: (value) => column.push(value === undefined ? '' : (value as string)),
        pushField: (view, field) => column.push(view.word(field)),
      };
    }
    case 'boolean': {
      const column = add(new UInt8Column());
      return { push: (value) => column.push(value === true ? 1 : 0), pushField: noField };
    }
    case 'json': {
      const column = add(new StringColumn());
      return { push: (value) => column.push(value === undefined ? '' : JSON.stringify(value)), pushField: noField };
    }
    case 'texts': {
      const column = add(new ArrayColumn<string>(new StringColumn()));
      return { push: (value) => column.push(value === undefined ? [] : (value as string[])), pushField: noField };
    }
  }
}
