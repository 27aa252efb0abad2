/**
 * What turns rows of one public format into events. An adapter is pure but for its own ordinals: the same file gives
 * the same events with the same ids, so that replaying a file again adds nothing.
 */
import type { OutgoingEvent } from '../send/outgoing-event.ts';

export interface AdapterOptions {
  /** Send the file's own fraud marks as `label` events. */
  readonly labels: boolean;
  /** Event time between a transaction and its label. */
  readonly labelDelayMs: number;
  /** Send a `profile` event (with consents) before each customer's first event. */
  readonly profiles: boolean;
  /** Consents that those profiles carry. */
  readonly consents: { readonly marketing: boolean; readonly location: boolean };
  /** For place files, which state none. */
  readonly place: { readonly category?: string; readonly discount?: number; readonly acceptsCards?: readonly string[] };
  /** Base name of the file, a last hint for what it holds. */
  readonly fileName: string;
  /** Card numbers and names of people go through this. */
  readonly tokenize: (prefix: string, value: string) => string;
}

export interface TimedEvent {
  readonly timeMs: number;
  readonly event: OutgoingEvent;
}

export type RowResult =
  | {
      readonly ok: true;
      readonly timeMs: number;
      readonly events: readonly OutgoingEvent[];
      /** Sent once event time has passed its own time. */
      readonly label?: TimedEvent | undefined;
      /** An amount carried digits below its minor unit and was rounded. */
      readonly rounded?: boolean;
    }
  | { readonly ok: false; readonly reason: string };

export interface Adapter {
  readonly format: string;
  convert(row: readonly string[]): RowResult;
  /**
   * Where a file holds one block of rows per key and time starts again in each (TabFormer: one block per card), the
   * rows of a group are put in order of time before they are sent.
   */
  readonly groupOf?: (row: readonly string[]) => string;
}

export interface AdapterFactory {
  readonly format: string;
  /** Whether this header is of the format. */
  matches(header: readonly string[]): boolean;
  create(header: readonly string[], options: AdapterOptions): Adapter;
}

/** Reads named columns of rows; an absent column or cell reads as `''`. */
export function columnsOf(header: readonly string[]): (name: string) => (row: readonly string[]) => string {
  return (name) => {
    const index = header.indexOf(name);
    return (row) => (index < 0 ? '' : (row[index] ?? ''));
  };
}

export function hasColumns(header: readonly string[], names: readonly string[]): boolean {
  return names.every((name) => header.includes(name));
}

export function refuse(reason: string): RowResult {
  return { ok: false, reason };
}

const PLAIN_NUMBER = /^-?\d{1,6}(\.\d{1,18})?$/;

/** A latitude or longitude; `undefined` when the text is none. */
export function parseDegrees(text: string, limit: 90 | 180): number | undefined {
  if (!PLAIN_NUMBER.test(text)) return undefined;
  const value = Number(text);
  return Math.abs(value) <= limit ? value : undefined;
}

const PLAIN_TIME = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2})?$/;

/** `2018-04-01 00:00:31`, taken as UTC: such files state no zone. */
export function parsePlainTime(text: string): string | undefined {
  const match = PLAIN_TIME.exec(text);
  return match === null ? undefined : `${match[1]}T${match[2]}${match[3] ?? ':00'}.000Z`;
}
