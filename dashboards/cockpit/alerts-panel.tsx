/**
 * Alerts as they happen, newest first. While somebody points at the list or is inside it with the keyboard it stands
 * still, so that nobody opens the wrong row; what came meanwhile is counted.
 */
import { IconShieldCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AlertView } from '../../api/live/messages.ts';
import { useDeskView } from '../app/desk-context.tsx';
import { StateMessage } from '../app/state-message.tsx';
import { useFormatters } from '../i18n/use-formatters.ts';
import styles from './alerts-panel.module.css';
import { DecisionTag } from './decision-tag.tsx';

const ROWS_SHOWN = 60;

export function AlertsPanel({ onOpen }: { onOpen(alert: AlertView): void }) {
  const { t } = useTranslation();
  const view = useDeskView();
  const [held, setHeld] = useState<readonly AlertView[]>();
  const alerts = view?.alerts ?? [];
  const shown = held ?? alerts;
  const first = held?.[0];
  const waiting = held === undefined ? 0 : first === undefined ? alerts.length : Math.max(0, alerts.indexOf(first));
  const hold = (): void => setHeld((current) => current ?? alerts);
  const release = (): void => setHeld(undefined);

  return (
    <section className={styles.panel} aria-labelledby="alerts-title" data-testid="alerts-panel">
      <header className={styles.head}>
        <h2 id="alerts-title" className={styles.title}>
          {t('alerts.title')}
        </h2>
        {waiting > 0 && (
          <span className={styles.held} title={t('alerts.heldHint')}>
            {t('alerts.held', { count: waiting })}
          </span>
        )}
      </header>
      {view?.alertsPhase === 'refused' && alerts.length === 0 ? (
        <StateMessage title={t('alerts.refused')} testId="alerts-refused" />
      ) : shown.length === 0 ? (
        <StateMessage
          icon={<IconShieldCheck size={18} stroke={1.6} />}
          title={view?.alertsPhase === 'live' ? t('alerts.empty') : t('alerts.waiting')}
          hint={view?.alertsPhase === 'live' ? t('alerts.emptyHint') : undefined}
          testId="alerts-empty"
        />
      ) : (
        <ul
          className={styles.list}
          onPointerEnter={hold}
          onPointerLeave={release}
          onFocus={hold}
          onBlur={(event) => {
            if (!event.currentTarget.contains(event.relatedTarget)) release();
          }}
        >
          {shown.slice(0, ROWS_SHOWN).map((alert) => (
            <AlertRow key={alert.alertId} alert={alert} onOpen={onOpen} />
          ))}
        </ul>
      )}
    </section>
  );
}

function AlertRow({ alert, onOpen }: { readonly alert: AlertView; onOpen(alert: AlertView): void }) {
  const { t } = useTranslation();
  const formats = useFormatters();
  const [main, ...others] = alert.reasons;
  const amount = formats.money(alert.amount, alert.currency);
  return (
    <li className={styles.item}>
      <button
        type="button"
        className={styles.row}
        onClick={() => onOpen(alert)}
        data-testid="alert-row"
        data-alert-id={alert.alertId}
        data-event-id={alert.eventId}
      >
        <span className={styles.line}>
          <DecisionTag decision={alert.decision} />
          <span className={styles.score} title={t('alerts.score', { score: alert.score })}>
            {alert.score}
          </span>
          <span className={styles.amount}>{amount}</span>
        </span>
        <span className={styles.reason}>
          {main?.message ?? t('decision.noReasons')}
          {others.length > 0 && <span className={styles.more}> {t('alerts.more', { count: others.length })}</span>}
        </span>
        <span className={styles.meta}>
          <span className={styles.who}>
            {alert.customer}
            {alert.merchantId !== '' && ` → ${alert.merchantId}`}
          </span>
          <time dateTime={alert.time}>{formats.clockTime(Date.parse(alert.time))}</time>
        </span>
      </button>
    </li>
  );
}
