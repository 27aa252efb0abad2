/** A range of the log as people say it: by positions of EVENTS, or by the times at which the log took its frames. */
import { InvalidArgumentError } from 'commander';
import { parseInstant } from '../../core/clock.ts';
import type { StreamConnection } from '../../stream/connection.ts';
import { findPosition } from '../../stream/log/find-position.ts';
import { logState } from '../../stream/log/log-reader.ts';

export type LogPlace = { readonly position: number } | { readonly timeMs: number };

export const PLACE_FORMS = 'position in EVENTS, or RFC 3339 time';

/** For commander: throws what it shows. */
export function readPlace(text: string): LogPlace {
  const instant = parseInstant(text);
  if (instant !== undefined) return { timeMs: instant.timeMs };
  const position = Number(text);
  if (!Number.isSafeInteger(position) || position < 1)
    throw new InvalidArgumentError(
      'a whole number from 1 on, or a time with its offset such as 2026-11-23T08:00:00+08:00',
    );
  return { position };
}

/**
 * Positions, both included. A position is meant as it is; of a time, `from` begins with the first frame taken then or later,
 * and `to` ends with the last one taken before. Throws `log.unavailable`.
 */
export async function resolveRange(
  connection: StreamConnection,
  { from, to }: { readonly from?: LogPlace | undefined; readonly to?: LogPlace | undefined },
): Promise<{ readonly from: number; readonly to: number }> {
  const { firstSeq, lastSeq } = await logState(connection, 'EVENTS');
  return {
    from: from === undefined ? firstSeq : await positionOf(connection, from, 0),
    to: to === undefined ? lastSeq : Math.min(lastSeq, await positionOf(connection, to, -1)),
  };
}

/** `shift` is added to the first position at or after a time. */
async function positionOf(connection: StreamConnection, place: LogPlace, shift: number): Promise<number> {
  return 'position' in place ? place.position : (await findPosition(connection, 'EVENTS', place.timeMs)) + shift;
}
