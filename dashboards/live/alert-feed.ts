/** The newest alerts, each once, newest first. Bounded: the oldest make room, the total keeps counting. */
import type { AlertMessage, AlertView } from '../../api/live/messages.ts';

export const ALERTS_KEPT = 200;

export interface AlertFeed {
  /** False if the alert was already there. */
  apply(message: AlertMessage): boolean;
  /** Adds alerts from before, newest first, below those that came live. */
  seed(earlier: readonly AlertView[]): void;
  /** Newest first; a new array after each change, so that it can be compared by identity. */
  readonly alerts: readonly AlertView[];
  /** Alerts that came live since the page was opened. */
  readonly received: number;
  readonly cursor: string | undefined;
}

export function createAlertFeed(kept: number = ALERTS_KEPT): AlertFeed {
  let alerts: readonly AlertView[] = [];
  let ids = new Set<string>();
  let received = 0;
  let cursor: string | undefined;
  return {
    get alerts() {
      return alerts;
    },
    get received() {
      return received;
    },
    get cursor() {
      return cursor;
    },
    seed(earlier) {
      const missing = earlier.filter((alert) => !ids.has(alert.alertId));
      for (const { alertId } of missing) ids.add(alertId);
      alerts = [...alerts, ...missing].slice(0, kept);
    },
    apply(message) {
      cursor = message.cursor;
      if (ids.has(message.data.alertId)) return false;
      received++;
      alerts = [message.data, ...alerts.slice(0, kept - 1)];
      ids.add(message.data.alertId);
      if (ids.size > kept * 2) ids = new Set(alerts.map((alert) => alert.alertId));
      return true;
    },
  };
}
