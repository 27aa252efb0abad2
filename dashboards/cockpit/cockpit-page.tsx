/**
 * The cockpit: what happens in payments now, and in the ranges before. Live figures come from the folds and hold for the
 * log position that is shown; longer ranges come from the store. Every state that is not "figures" says which it is.
 */
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AlertView } from '../../api/live/messages.ts';
import { useDeskView } from '../app/desk-context.tsx';
import { PageLoading } from '../app/page-loading.tsx';
import { StateMessage } from '../app/state-message.tsx';
import { AlertsPanel } from './alerts-panel.tsx';
import { BreakdownPanel } from './breakdown-panel.tsx';
import styles from './cockpit-page.module.css';
import { ConnectionNotice } from './connection-notice.tsx';
import { DecisionDrawer } from './decision-drawer.tsx';
import { FiguresStrip } from './figures-strip.tsx';
import { PulsePanel } from './pulse-panel.tsx';
import { CurrencyChoice, RangeChoice } from './range-choice.tsx';
import type { RangeName } from './ranges.ts';
import { useChannelName } from './use-channel-name.ts';
import { useRangeData } from './use-range-data.ts';

export function CockpitPage() {
  const { t } = useTranslation();
  const [rangeName, setRangeName] = useState<RangeName>('2m');
  const [currency, setCurrency] = useState<string>();
  const [opened, setOpened] = useState<AlertView>();
  const range = useRangeData(rangeName, currency);
  const view = useDeskView();
  const channelName = useChannelName();
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${t('cockpit.title')} · Weir`;
    title.current?.focus({ preventScroll: true });
  }, [t]);

  const refused = view?.connection.phase === 'refused' && view.connection.cause === 'forbidden';
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div>
          <h1 className={styles.title} tabIndex={-1} ref={title}>
            {t('cockpit.title')}
          </h1>
          <p className={styles.subtitle}>{t('cockpit.subtitle', { range: t(`rangeNames.${rangeName}`) })}</p>
        </div>
        <div className={styles.controls}>
          {range.status === 'ready' && range.data.currencies.length > 1 && (
            <CurrencyChoice currencies={range.data.currencies} value={range.data.currency} onChange={setCurrency} />
          )}
          <RangeChoice value={rangeName} onChange={setRangeName} />
        </div>
      </header>
      <ConnectionNotice />
      <div className={styles.grid}>
        <div className={styles.figures}>
          {refused && <StateMessage tone="bad" title={t('connection.forbidden')} testId="cockpit-refused" />}
          {!refused && range.status === 'loading' && (
            <div className={styles.waiting} data-testid="cockpit-loading">
              <PageLoading />
            </div>
          )}
          {range.status === 'failed' && (
            <div className={styles.waiting}>
              <StateMessage
                tone="bad"
                title={t('cockpit.failed')}
                hint={range.message}
                action={{ label: t('app.retry'), onClick: range.retry }}
                testId="cockpit-failed"
              />
            </div>
          )}
          {range.status === 'ready' && (
            <div className={styles.ready} data-stale={range.stale} data-testid="cockpit-figures">
              <PulsePanel rangeName={rangeName} data={range.data} />
              <FiguresStrip data={range.data} />
              <div className={styles.breakdowns}>
                <BreakdownPanel
                  title={t('cockpit.byBusinessLine')}
                  rows={range.data.businessLines}
                  currency={range.data.currency}
                  testId="by-business-line"
                />
                <BreakdownPanel
                  title={t('cockpit.byChannel')}
                  rows={range.data.channels}
                  currency={range.data.currency}
                  nameOf={channelName}
                  testId="by-channel"
                />
              </div>
            </div>
          )}
        </div>
        <AlertsPanel onOpen={setOpened} />
      </div>
      <DecisionDrawer alert={opened} onClose={() => setOpened(undefined)} />
    </div>
  );
}
