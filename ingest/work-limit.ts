/**
 * Bounds what the intake does at the same time: requests in work, and bytes of bodies in memory over all of them. Past
 * a bound a request is refused with `server.overloaded` (503, ask again) before it costs more.
 */
import { WeirError } from '../core/errors.ts';
import type { IngestMetrics } from './ingest-metrics.ts';

const REQUESTS_IN_WORK_MAX = 2_048;
const BODY_BYTES_HELD_MAX = 512 * 1_048_576;

export interface WorkLimits {
  readonly requestsMax: number;
  readonly bytesMax: number;
}

/** A request's share of the bounds. `end` gives all of it back and may be called once. */
export interface WorkPermit {
  /** Throws a `WeirError` `server.overloaded` when the bytes of all requests would pass the bound. */
  hold(bytes: number): void;
  end(): void;
}

export interface WorkLimit {
  /** Throws a `WeirError` `server.overloaded` when too many requests are in work. */
  begin(): WorkPermit;
}

export function createWorkLimit(
  metrics: Pick<IngestMetrics, 'requestsInWork' | 'bodyBytesHeld'>,
  limits: WorkLimits = { requestsMax: REQUESTS_IN_WORK_MAX, bytesMax: BODY_BYTES_HELD_MAX },
): WorkLimit {
  let requests = 0;
  let bytesHeld = 0;
  return {
    begin() {
      if (requests >= limits.requestsMax) {
        throw new WeirError('server.overloaded', `${requests} requests are in work already`);
      }
      requests++;
      metrics.requestsInWork.inc();
      let own = 0;
      return {
        hold(bytes) {
          if (bytesHeld + bytes > limits.bytesMax) {
            throw new WeirError('server.overloaded', `bodies of ${bytesHeld} bytes are in work already`);
          }
          own += bytes;
          bytesHeld += bytes;
          metrics.bodyBytesHeld.inc(bytes);
        },
        end() {
          requests--;
          bytesHeld -= own;
          metrics.requestsInWork.dec();
          metrics.bodyBytesHeld.dec(own);
          own = 0;
        },
      };
    },
  };
}
