/**
 * What was decided about an event before, from the store. The store is opened when it is first asked: who takes events in
 * must start, and go on, without it.
 */
import type { Logger } from 'pino';
import type { DecisionAnswer } from '../../ingest/decisions/decision-answer.ts';
import { type OpenStoreOptions, openStore, type Store } from '../../storage/open-store.ts';
import { findDecision } from '../../storage/queries/decisions.ts';

/** A caller waits for half a second or so: a store that is away is tried again with the next question. */
const READY_TIMEOUT_MS = 1_000;

export interface StoredDecisions {
  /** As `POST /v1/decisions` answers it; `undefined` where none is stored. Throws `store.unavailable`. */
  find(eventId: string, source: string): Promise<DecisionAnswer | undefined>;
  close(): Promise<void>;
}

export function createStoredDecisions(
  store: Omit<OpenStoreOptions, 'log' | 'readyTimeoutMs'>,
  log: Logger,
): StoredDecisions {
  let opening: Promise<Store> | undefined;
  const open = (): Promise<Store> => {
    opening ??= openStore({ ...store, log, readyTimeoutMs: READY_TIMEOUT_MS }).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  return {
    async find(eventId, source) {
      const found = await findDecision(await open(), eventId, source);
      if (found === undefined) return undefined;
      const { decision, score, reasons, rulesetVersion, position } = found.decision;
      return { eventId, decision, score, reasons: [...reasons], rulesetVersion, position: position.inputSeq };
    },
    async close() {
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}
