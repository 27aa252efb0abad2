/** The pulse: transactions and value over the range, above each other on one time axis, each with its figure. */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useDesk } from '../app/desk-context.tsx';
import type { ChartSeries } from '../chart/plot-options.ts';
import { TimeChart } from '../chart/time-chart.tsx';
import { useFormatters } from '../i18n/use-formatters.ts';
import { peakOf } from '../live/series.ts';
import { type ChartPair, createLiveCharts, createStoredCharts } from './live-chart-source.ts';
import styles from './pulse-panel.module.css';
import type { RangeData } from './range-data.ts';
import { type RangeName, rangeOf } from './ranges.ts';

const CHART_HEIGHT = 150;
const SYNC_KEY = 'pulse';

export function PulsePanel({ rangeName, data }: { readonly rangeName: RangeName; readonly data: RangeData }) {
  const { t } = useTranslation();
  const formats = useFormatters();
  const desk = useDesk();
  const range = rangeOf(rangeName);
  const { currency, series, figures, now } = data;
  // A live chart reads its fold by itself; only a stored one is made anew from new data.
  const storedSeries = range.origin === 'stored' ? series : undefined;
  const charts = useMemo<ChartPair | undefined>(() => {
    if (range.origin === 'live') return desk && createLiveCharts(desk, range, currency);
    return storedSeries && createStoredCharts(storedSeries, range.stepMs);
  }, [range, desk, currency, storedSeries]);
  const transactionSeries = useMemo<ChartSeries[]>(
    () => [
      { name: t('cockpit.transactions'), lineToken: '--flow-line', fillToken: '--flow-fill', barToken: '--flow-bar' },
      { name: t('cockpit.declined'), lineToken: '--bad-line', fillToken: '--bad-line', barToken: '--bad-line' },
    ],
    [t],
  );
  const valueSeries = useMemo<ChartSeries[]>(
    () => [{ name: t('cockpit.value'), lineToken: '--value-line', fillToken: '--value-fill', barToken: '--value-bar' }],
    [t],
  );
  if (charts === undefined) return null;

  const live = now !== undefined;
  const money = (minor: number): string => formats.moneyCompact(minor, currency);
  const moneyShort = (minor: number): string => formats.moneyShort(minor, currency);
  const formatTime = (timeS: number): string => {
    if (range.step === 'day') return formats.day(timeS * 1_000);
    if (range.step === 'second') return formats.clockTime(timeS * 1_000);
    return range.step === 'minute' ? formats.clockTime(timeS * 1_000).slice(0, 5) : formats.dayTime(timeS * 1_000);
  };
  const formatAxisTime = (timeS: number): string => {
    if (rangeName === '7d') return formats.day(timeS * 1_000);
    return rangeName === '24h' ? formats.clockTime(timeS * 1_000).slice(0, 5) : formatTime(timeS);
  };
  const look = range.step === 'second' ? 'line' : 'bars';
  const rangeText = t(`rangeNames.${rangeName}`);
  const perStep = t(`cockpit.perStep.${range.step}`);
  const peakTransactions = formats.count(peakOf(series.transactions));
  const peakValue = money(peakOf(series.volume));
  const nowTransactions = live ? formats.rate(now.transactions) : formats.compact(figures.transactions);
  const nowValue = live ? money(now.volume) : money(figures.volume);
  return (
    <section className={styles.panel}>
      <div className={styles.row}>
        <div className={styles.figure}>
          <h2 className={styles.label}>{live ? t('cockpit.transactionsPerSecond') : t('cockpit.transactions')}</h2>
          <p
            className={styles.now}
            data-testid={live ? 'tps-value' : 'range-transactions'}
            data-value={live ? now.transactions : figures.transactions}
          >
            {nowTransactions}
          </p>
          <dl className={styles.facts}>
            <div>
              <dt>{t('cockpit.total')}</dt>
              <dd data-testid="total-transactions" data-value={figures.transactions} data-position={data.position}>
                {formats.count(figures.transactions)}
              </dd>
            </div>
            <div>
              <dt>{t('cockpit.peak')}</dt>
              <dd>
                {peakTransactions} <span className={styles.unit}>{perStep}</span>
              </dd>
            </div>
            <div>
              <dt>
                <span className={styles.swatch} aria-hidden="true" />
                {t('cockpit.declined')}
              </dt>
              <dd>{formats.count(figures.declined)}</dd>
            </div>
          </dl>
        </div>
        <TimeChart
          source={charts.transactions}
          series={transactionSeries}
          look={look}
          height={CHART_HEIGHT}
          label={t('cockpit.chartTransactions', { range: rangeText, now: nowTransactions, peak: peakTransactions })}
          format={formats.compact}
          formatTime={formatTime}
          formatAxisTime={formatAxisTime}
          syncKey={SYNC_KEY}
        />
      </div>
      <div className={styles.row}>
        <div className={styles.figure}>
          <h2 className={styles.label}>{live ? t('cockpit.valuePerSecond') : t('cockpit.value')}</h2>
          <p
            className={styles.now}
            data-testid={live ? 'vps-value' : 'range-volume'}
            data-value={live ? now.volume : figures.volume}
          >
            {nowValue}
          </p>
          <dl className={styles.facts}>
            <div>
              <dt>{t('cockpit.total')}</dt>
              <dd
                data-testid="total-volume"
                data-value={figures.volume}
                data-currency={currency}
                title={formats.money(figures.volume, currency)}
              >
                {money(figures.volume)}
              </dd>
            </div>
            <div>
              <dt>{t('cockpit.peak')}</dt>
              <dd>
                {peakValue} <span className={styles.unit}>{perStep}</span>
              </dd>
            </div>
          </dl>
        </div>
        <TimeChart
          source={charts.value}
          series={valueSeries}
          look={look}
          height={CHART_HEIGHT}
          label={t('cockpit.chartValue', { range: rangeText, now: nowValue, peak: peakValue })}
          format={moneyShort}
          formatTime={formatTime}
          formatAxisTime={formatAxisTime}
          syncKey={SYNC_KEY}
        />
      </div>
      {figures.transactions === 0 && (
        <div className={styles.empty} data-testid="cockpit-empty">
          <p className={styles.emptyTitle}>{t('cockpit.empty', { range: rangeText })}</p>
          <p className={styles.emptyHint}>{t('cockpit.emptyHint')}</p>
        </div>
      )}
    </section>
  );
}
