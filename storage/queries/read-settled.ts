/**
 * A reading that holds for one position. Where no batch is half way in, before and after, tables and rollups agree and
 * hold for that position; otherwise the caller's other way (rows up to the last complete batch) does.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Store } from '../open-store.ts';
import { type SinkPosition, sinkPosition } from './sink-position.ts';

const ATTEMPTS_MAX = 4;
const PAUSE_MS = 25;

export interface SettledReading<T> {
  readonly value: T;
  readonly position: SinkPosition;
  /** Rollups could be read; otherwise the figures were computed from rows. */
  readonly fromRollups: boolean;
}

export async function readSettled<T>(
  store: Store,
  readRollups: (position: SinkPosition) => Promise<T>,
  readRows: (position: SinkPosition) => Promise<T>,
): Promise<SettledReading<T>> {
  let before = await sinkPosition(store);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (before.settled) {
      const value = await readRollups(before);
      const after = await sinkPosition(store);
      if (after.settled && after.outcomeSeq === before.outcomeSeq)
        return { value, position: before, fromRollups: true };
      before = after;
    } else {
      await wait(PAUSE_MS);
      before = await sinkPosition(store);
    }
  }
  return { value: await readRows(before), position: before, fromRollups: false };
}
