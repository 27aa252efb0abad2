/**
 * CSV with the contract's own field names: `id,time,subject` and the members of `data` by their path, such as
 * `merchant.id` or `consents.marketing`; `type` and `source` are optional. Each cell is read as its schema says, so
 * money is an integer in minor units here too.
 */
import { parseInstant } from '../../../core/clock.ts';
import { DATA_SCHEMAS } from '../../../core/events/data-schemas.ts';
import { EVENT_TYPES, type EventType } from '../../../core/events/event.ts';
import type { OutgoingEvent } from '../../send/outgoing-event.ts';
import { type AdapterFactory, columnsOf, hasColumns, parsePlainTime, refuse } from '../adapter.ts';

const ENVELOPE = new Set(['type', 'id', 'source', 'time', 'subject', 'specversion']);
const LIST_SEPARATOR = '|';

export const genericCsv: AdapterFactory = {
  format: 'csv',
  matches: (header) => hasColumns(header, ['id', 'time', 'subject']),
  create(header, options) {
    const column = columnsOf(header);
    const [type, id, source, time, subject] = [
      column('type'),
      column('id'),
      column('source'),
      column('time'),
      column('subject'),
    ];
    const fallbackType = header.includes('amount') ? 'transaction' : header.includes('category') ? 'place' : 'location';
    return {
      format: 'csv',
      convert(row) {
        const typeName = type(row) || fallbackType;
        const known = EVENT_TYPES.find((name) => name === typeName);
        if (known === undefined) return refuse(`type "${typeName}" is none of ${EVENT_TYPES.join(', ')}`);
        if (id(row) === '' || subject(row) === '') return refuse('id or subject is empty');
        const text = /^\d{11,14}$/.test(time(row)) ? new Date(Number(time(row))).toISOString() : time(row);
        const iso = parsePlainTime(text) ?? text;
        const instant = parseInstant(iso);
        if (instant === undefined) return refuse(`time "${time(row)}" is no date and time`);
        const data: Record<string, unknown> = {};
        for (let i = 0; i < header.length; i++) {
          const path = header[i] ?? '';
          const cell = row[i] ?? '';
          if (cell === '' || path === '' || ENVELOPE.has(path)) continue;
          const value = readCell(known, path, cell);
          if (value instanceof BadCell) return refuse(`${path} ${value.reason}`);
          assign(data, path, value);
        }
        const envelope = {
          type: known,
          id: id(row),
          source: source(row) || `csv/${options.fileName}`,
          time: iso,
          subject: subject(row),
          data,
        };
        // The server validates `data`; cells were read by the schema of their type above.
        return { ok: true, timeMs: instant.timeMs, events: [envelope as unknown as OutgoingEvent] };
      },
    };
  },
};

class BadCell {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** The schema's JSON type at a dotted path; `undefined` where the schema does not name it. */
function schemaType(type: EventType, path: string): string | undefined {
  let schema: unknown = DATA_SCHEMAS[type];
  for (const name of path.split('.')) schema = memberOf(memberOf(schema, 'properties'), name);
  const kind = memberOf(schema, 'type');
  return typeof kind === 'string' ? kind : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function readCell(type: EventType, path: string, cell: string): unknown {
  switch (schemaType(type, path)) {
    case 'integer':
      if (!/^-?\d{1,16}$/.test(cell)) return new BadCell(`"${cell}" is no integer (money is in minor units)`);
      return Number(cell);
    case 'number':
      if (!/^-?\d{1,16}(\.\d{1,20})?$/.test(cell)) return new BadCell(`"${cell}" is no number`);
      return Number(cell);
    case 'boolean':
      if (cell !== 'true' && cell !== 'false') return new BadCell(`"${cell}" is neither true nor false`);
      return cell === 'true';
    case 'array':
      return cell.split(LIST_SEPARATOR);
    default:
      return cell;
  }
}

function assign(data: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop();
  if (last === undefined) return;
  let at = data;
  for (const name of names) {
    const next = Object.hasOwn(at, name) ? at[name] : undefined;
    const child: Record<string, unknown> = isRecord(next) ? next : {};
    define(at, name, child);
    at = child;
  }
  define(at, last, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A header named `__proto__` is a member like any other. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
}
