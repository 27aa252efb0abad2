/** What the live hub reads, from the real store and the real log. */
import type { OfferOutcome } from '../../../core/outcomes/outcome.ts';
import type { Store } from '../../../storage/open-store.ts';
import { alertsAfter, type StoredAlert } from '../../../storage/queries/alerts.ts';
import { kpiCellsUpTo } from '../../../storage/queries/kpi-cells.ts';
import { offersHolding, type StoredOffer } from '../../../storage/queries/offers.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import { readLog } from '../../../stream/log/log-reader.ts';
import { watchProgress } from '../../../stream/progress.ts';
import { type Cursor, formatCursor, LOG_START } from '../cursor.ts';
import type { HubSources } from './hub-sources.ts';
import { MINUTES_KEPT, SECONDS_KEPT } from './kpi-board.ts';

export function createStoreSources(store: Store, connection: StreamConnection): HubSources {
  return {
    loadKpis: (nowMs) => kpiCellsUpTo(store, { nowMs, seconds: SECONDS_KEPT, minutes: MINUTES_KEPT }),
    async loadOffers(customer, after, limit, nowMs) {
      const page = await offersHolding(store, customer, cursorText(after), nowMs, limit);
      return {
        items: page.items.map((row) => ({
          seq: row.position.outcomeSeq,
          item: row.position.item,
          value: row.kind === 'offer' ? asOffer(row) : { ...row, index: 0 },
        })),
        completeSeq: page.outcomeSeq,
        more: page.items.length >= limit,
      };
    },
    async loadAlerts(after, limit) {
      const page = await alertsAfter(store, cursorText(after) ?? '0.0', limit);
      return {
        items: page.alerts.map((row) => ({
          seq: row.position.outcomeSeq,
          item: row.position.item,
          value: asAlert(row),
        })),
        completeSeq: page.outcomeSeq,
        more: page.alerts.length >= limit,
      };
    },
    readOutcomes: (fromSeq, signal) => readLog(connection, 'OUTCOMES', { fromSeq, signal }),
    watchSink(onProgress) {
      const watch = watchProgress(connection, 'sink', ({ outcomeSeq }) => onProgress(outcomeSeq));
      return () => watch.stop();
    },
  };
}

function cursorText(cursor: Cursor): string | undefined {
  return cursor.item < 0 || cursor.seq <= LOG_START.seq ? undefined : formatCursor(cursor);
}

/** The index of the event in its input frame is not stored; nothing that is shown reads it. */
function asOffer(row: StoredOffer): OfferOutcome {
  return { ...row, index: 0 };
}

function asAlert(row: StoredAlert) {
  return { ...row, kind: 'alert' as const, index: 0 };
}
