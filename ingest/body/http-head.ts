/** What the headers of an intake request say about its body: its form, its encoding, and CloudEvents' binary mode. */
import type { IncomingHttpHeaders } from 'node:http';
import { WeirError } from '../../core/errors.ts';
import { OPEN_BRACE, skipSpace } from './json-bytes.ts';
import type { BodyForm } from './read-batch.ts';
import { JsonScanner } from './scan-json.ts';

export interface BodyHead {
  readonly form: BodyForm;
  readonly gzip: boolean;
  /** CloudEvents' binary mode: the attributes that came as `ce-…` headers; the body is `data`. */
  readonly attributes?: Readonly<Record<string, string>>;
}

export const BODY_FORMS: ReadonlyMap<string, BodyForm> = new Map([
  ['application/json', 'json'],
  ['application/cloudevents+json', 'json'],
  ['application/cloudevents-batch+json', 'json'],
  ['application/x-ndjson', 'lines'],
  ['application/ndjson', 'lines'],
]);

const ATTRIBUTE_PREFIX = 'ce-';

/** Throws a `WeirError` `body.unsupported_type`. */
export function readBodyHead(headers: IncomingHttpHeaders): BodyHead {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim());
  const form = BODY_FORMS.get(type.toLowerCase());
  if (form === undefined) {
    const sent = type === '' ? 'no content type was sent' : `the content type is ${type}`;
    throw new WeirError('body.unsupported_type', `${sent}; send ${[...BODY_FORMS.keys()].join(', ')}`);
  }
  for (const parameter of parameters) {
    const charset = /^charset="?([^"]*)"?$/i.exec(parameter)?.[1]?.toLowerCase();
    if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii') {
      throw new WeirError('body.unsupported_type', `the charset is ${charset}; send UTF-8`);
    }
  }
  const gzip = isGzip(headers['content-encoding']);
  const binary = type.toLowerCase() === 'application/json' && headers['ce-type'] !== undefined;
  return binary ? { form, gzip, attributes: readAttributes(headers) } : { form, gzip };
}

function isGzip(encoding: string | undefined): boolean {
  const name = (encoding ?? 'identity').trim().toLowerCase();
  if (name === '' || name === 'identity') return false;
  if (name === 'gzip' || name === 'x-gzip') return true;
  throw new WeirError('body.unsupported_type', `the content encoding is ${name}; send gzip or none`);
}

function readAttributes(headers: IncomingHttpHeaders): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(ATTRIBUTE_PREFIX) && typeof value === 'string') {
      attributes[name.slice(ATTRIBUTE_PREFIX.length)] = decodePercent(value);
    }
  }
  return attributes;
}

/** CloudEvents percent-encodes what a header cannot carry; a stray per cent sign stands for itself. */
function decodePercent(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/**
 * The structured form of a binary event, so that it goes the same way (and can be replayed from quarantine).
 * Throws a `WeirError` `event.not_json` where the body is not one JSON object.
 */
export function composeEvent(attributes: Readonly<Record<string, string>>, data: Buffer): Buffer {
  const start = skipSpace(data, 0, data.length);
  const scanner = new JsonScanner();
  scanner.scanElement(data, start, data.length);
  if (data[start] !== OPEN_BRACE || scanner.open || scanner.end !== data.length) {
    throw new WeirError('event.not_json', 'the body of a binary CloudEvent must be one JSON object, its data');
  }
  const head = JSON.stringify({ ...attributes, data: undefined });
  const open = `${head.slice(0, -1)}${head.length > 2 ? ',' : ''}"data":`;
  return Buffer.concat([Buffer.from(open), data.subarray(start), Buffer.from('}')]);
}
