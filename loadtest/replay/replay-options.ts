/** What a replay can be told, and what it reports while it runs and at its end. */
import type { SenderLog } from '../send/event-sender.ts';

/** `max`, or a factor of event time such as `1x` and `100x`. */
export type ReplaySpeed = 'max' | `${number}x`;

export interface ReplayOptions {
  /** CSV or NDJSON, gzipped or not. */
  readonly file: string;
  readonly baseUrl: string;
  /** A token with the role `ingest`. */
  readonly token: string;
  readonly speed?: ReplaySpeed;
  /** Events in one request. */
  readonly batchEvents?: number;
  readonly onProgress?: (progress: ReplayProgress) => void;
  readonly signal?: AbortSignal;
  readonly log?: SenderLog;
  /** Sends the file's fraud marks as `label` events, `labelDelayMs` of event time after each transaction. */
  readonly labels?: boolean;
  readonly labelDelayMs?: number;
  /** Sends a profile before each customer's first event, with these consents. */
  readonly profiles?: boolean;
  readonly consents?: { readonly marketing: boolean; readonly location: boolean };
  /** What a file of places does not state. */
  readonly place?: {
    readonly category?: string;
    readonly discount?: number;
    readonly acceptsCards?: readonly string[];
  };
  /** Key of the tokens that stand for card numbers. The same key gives the same tokens in every replay. */
  readonly tokenKey?: string;
}

export interface ReplayProgress {
  readonly format: string;
  readonly bytesRead: number;
  readonly bytesTotal: number;
  readonly rows: number;
  /** Events that the log has acknowledged. */
  readonly events: number;
  readonly rejected: number;
  readonly unreadable: number;
  readonly eventsPerSecond: number;
  /** `undefined` until something was acknowledged. */
  readonly etaSeconds: number | undefined;
  /** Event time of the newest event sent. */
  readonly timeMs: number | undefined;
}

export interface ReplayProblem {
  /** Line in the file, from 1; 0 where it is not known. */
  readonly line: number;
  readonly reason: string;
}

export interface ReplayResult {
  readonly format: string;
  readonly rows: number;
  readonly sent: number;
  readonly accepted: number;
  /** Refused by the server, and kept in its quarantine. */
  readonly rejected: number;
  /** Rows that could not be read here; each is a problem. */
  readonly unreadable: number;
  /** Amounts whose digits below the minor unit were rounded. */
  readonly rounded: number;
  readonly retries: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** The first of them; `rejected` and `unreadable` count all. */
  readonly problems: readonly ReplayProblem[];
}

/** How many problems a result lists. */
export const PROBLEMS_LISTED_MAX = 100;

/** `undefined` for `max`; throws a `RangeError` on anything else that is no factor. */
export function parseSpeed(speed: string): number | undefined {
  if (speed === 'max') return undefined;
  const match = /^(\d{1,7}(?:\.\d{1,3})?)x$/.exec(speed);
  const factor = match === null ? 0 : Number(match[1]);
  if (factor <= 0) throw new RangeError(`the speed "${speed}" is neither max nor a factor such as 1x or 100x`);
  return factor;
}
