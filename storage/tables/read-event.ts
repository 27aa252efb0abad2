/** Rows back to events: the exact inverse of `event-table.ts`, held to it by a round-trip property test. */
import type { EventOf, EventType } from '../../core/events/event.ts';
import { isRow, type Row, readNumber, readText, readTexts } from '../row.ts';
import { EVENT_TABLES, type EventField, isGroup, type ValueField } from './event-fields.ts';
import { POSITION_SELECT, type RowPosition, readPosition } from './position-columns.ts';

/** An event as it was accepted, and where. */
export interface StoredEvent<T extends EventType = EventType> {
  readonly event: EventOf<T>;
  /** The customer that the subject resolved to. */
  readonly customer: string;
  readonly late: boolean;
  readonly position: RowPosition;
}

/** What to SELECT so that `readStoredEvent` can read the row. */
export function eventSelect(type: EventType): string {
  const columns = EVENT_TABLES[type].fields.flatMap((field) => (isGroup(field) ? field.fields : [field]));
  const head = 'event_id, source, subject, customer, toUnixTimestamp64Milli(time) AS time_ms, offset_minutes, late';
  return `${POSITION_SELECT}, ${head}, present, extra, ${columns.map((field) => field.column).join(', ')}`;
}

export function readStoredEvent<T extends EventType>(type: T, row: Row): StoredEvent<T> {
  const position = readPosition(row);
  const event = {
    type,
    id: readText(row, 'event_id'),
    source: readText(row, 'source'),
    subject: readText(row, 'subject'),
    timeMs: readNumber(row, 'time_ms'),
    offsetMinutes: readNumber(row, 'offset_minutes'),
    receivedMs: position.receivedMs,
    data: readData(EVENT_TABLES[type].fields, row),
  };
  return {
    // The fields of a type read that type's data: the round-trip property test holds the two together.
    event: event as unknown as EventOf<T>,
    customer: readText(row, 'customer'),
    late: readNumber(row, 'late') === 1,
    position,
  };
}

function readData(fields: readonly EventField[], row: Row): Record<string, unknown> {
  const present = readNumber(row, 'present');
  let bit = 0;
  const isPresent = () => (present & (1 << bit++)) !== 0;
  const data: Record<string, unknown> = {};
  for (const field of fields) {
    if (!isGroup(field)) {
      if (isPresent()) data[field.name] = readValue(field, row);
      continue;
    }
    const members: Record<string, unknown> = {};
    if (isPresent()) data[field.name] = members;
    for (const member of field.fields) if (isPresent()) members[member.name] = readValue(member, row);
  }
  const extra = readText(row, 'extra');
  if (extra !== '') mergeExtra(data, fields, JSON.parse(extra));
  return data;
}

function mergeExtra(data: Record<string, unknown>, fields: readonly EventField[], extra: unknown): void {
  if (!isRow(extra)) return;
  for (const [name, value] of Object.entries(extra)) {
    const members = data[name];
    const isKnownGroup = fields.some((field) => field.name === name && isGroup(field));
    if (isKnownGroup && isRow(members) && isRow(value)) data[name] = { ...members, ...value };
    else data[name] = value;
  }
}

function readValue(field: ValueField, row: Row): unknown {
  switch (field.kind) {
    case 'integer':
    case 'float':
      return readNumber(row, field.column);
    case 'text':
    case 'tag':
      return readText(row, field.column);
    case 'boolean':
      return readNumber(row, field.column) === 1;
    case 'json':
      return JSON.parse(readText(row, field.column));
    case 'texts':
      return readTexts(row, field.column);
  }
}
