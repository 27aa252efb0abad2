/**
 * Which column each member of an event's data goes to. The order gives each optional member its bit in `present`, so
 * lists are append only; what a list does not name is kept as JSON in `extra`. A type's table holds one row per event,
 * and the row gives back the event exactly.
 */
import type { EventType } from '../../core/events/event.ts';

/**
 * `integer` Int64 · `float` Float64 (NaN when absent) · `text` String · `tag` LowCardinality(String) · `boolean` UInt8 ·
 * `json` String · `texts` Array(String)
 */
export type ColumnKind = 'integer' | 'float' | 'text' | 'tag' | 'boolean' | 'json' | 'texts';

export interface ValueField {
  readonly name: string;
  readonly column: string;
  readonly kind: ColumnKind;
}

export interface GroupField {
  readonly name: string;
  readonly fields: readonly ValueField[];
}

export type EventField = ValueField | GroupField;

const value = (kind: ColumnKind, name: string, column: string = snakeCase(name)): ValueField => ({
  name,
  column,
  kind,
});
const group = (name: string, ...fields: readonly ValueField[]): GroupField => ({
  name,
  fields: fields.map((field) => ({ ...field, column: `${name}_${field.column}` })),
});

const instrument = group('instrument', value('tag', 'type'), value('text', 'token'), value('tag', 'issuer'));

export const EVENT_TABLES: {
  readonly [T in EventType]: { readonly table: string; readonly fields: readonly EventField[] };
} = {
  transaction: {
    table: 'transactions',
    fields: [
      value('integer', 'amount'),
      value('tag', 'currency'),
      value('tag', 'kind'),
      value('tag', 'status'),
      value('tag', 'declineReason'),
      value('tag', 'channel'),
      value('tag', 'businessLine'),
      value('tag', 'department'),
      group(
        'merchant',
        value('text', 'id'),
        value('text', 'name'),
        value('tag', 'mcc'),
        value('tag', 'city'),
        value('float', 'lat'),
        value('float', 'lon'),
      ),
      instrument,
      group('device', value('text', 'id'), value('text', 'ip')),
      value('text', 'counterparty'),
      value('float', 'lat'),
      value('float', 'lon'),
      value('integer', 'fee'),
      value('integer', 'cost'),
    ],
  },
  location: {
    table: 'locations',
    fields: [value('float', 'lat'), value('float', 'lon'), value('float', 'accuracyM'), value('tag', 'origin')],
  },
  bill: {
    table: 'bills',
    fields: [
      value('integer', 'amount'),
      value('tag', 'currency'),
      value('text', 'dueDate'),
      value('tag', 'issuer'),
      instrument,
      value('boolean', 'paid'),
    ],
  },
  profile: {
    table: 'profiles',
    fields: [
      value('text', 'name'),
      value('text', 'phone'),
      value('text', 'email'),
      value('tag', 'segment'),
      value('text', 'birthDate'),
      value('tag', 'homeCity'),
      value('tag', 'timeZone'),
      value('tag', 'language'),
      value('json', 'attributes'),
      value('json', 'consents'),
      value('texts', 'links'),
    ],
  },
  label: {
    table: 'labels',
    fields: [value('text', 'transactionId'), value('boolean', 'fraud'), value('tag', 'origin'), value('text', 'note')],
  },
  offer_feedback: {
    table: 'offer_feedback',
    fields: [value('text', 'offerId'), value('tag', 'action')],
  },
  place: {
    table: 'places',
    fields: [
      value('text', 'name'),
      value('tag', 'category'),
      value('float', 'lat'),
      value('float', 'lon'),
      value('text', 'merchantId'),
      value('tag', 'mcc'),
      value('texts', 'acceptsCards'),
      value('float', 'discount'),
      value('text', 'openingHours'),
    ],
  },
};

export function isGroup(field: EventField): field is GroupField {
  return 'fields' in field;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
