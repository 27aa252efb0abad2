/** The six figures that a manager asks for first, each with the shape of its way over the range. */
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Sparkline, type SparklineProps } from '../chart/sparkline.tsx';
import { useFormatters } from '../i18n/use-formatters.ts';
import styles from './figures-strip.module.css';
import type { RangeData } from './range-data.ts';

export function FiguresStrip({ data }: { readonly data: RangeData }) {
  const { t } = useTranslation();
  const formats = useFormatters();
  const { figures, series, currency } = data;
  const share = (part: number, whole: number): number | undefined => (whole === 0 ? undefined : part / whole);
  const settled = (values: readonly number[]): readonly number[] => values.slice(0, -data.settling);
  const successes = settled(
    series.approved.map((approved, i) => {
      const all = approved + (series.declined[i] ?? 0);
      return all === 0 ? 0 : approved / all;
    }),
  ).filter((rate) => rate > 0);
  const margins = settled(series.fees.map((fee, i) => fee - (series.costs[i] ?? 0)));
  const perThousand = (count: number): string =>
    t('cockpit.perThousand', { rate: formats.rate((share(count, figures.transactions) ?? 0) * 1_000) });
  return (
    <section className={styles.strip}>
      <Figure
        name={t('cockpit.successRate')}
        value={formats.percent(figures.successRate)}
        raw={figures.successRate}
        note={t('cockpit.declinedCount', { declined: formats.count(figures.declined) })}
        spark={{ values: successes, tone: 'flow', fitted: true }}
        testId="success-rate"
      />
      <Figure
        name={t('cockpit.fees')}
        value={formats.moneyCompact(figures.fees, currency)}
        raw={figures.fees}
        note={t('cockpit.ofVolume', { percent: formats.percent(share(figures.fees, figures.volume)) })}
        spark={{ values: settled(series.fees) }}
        testId="fees"
      />
      <Figure
        name={t('cockpit.costs')}
        value={formats.moneyCompact(figures.costs, currency)}
        raw={figures.costs}
        note={t('cockpit.ofVolume', { percent: formats.percent(share(figures.costs, figures.volume)) })}
        spark={{ values: settled(series.costs) }}
        testId="costs"
      />
      <Figure
        name={t('cockpit.margin')}
        value={formats.moneyCompact(figures.margin, currency)}
        raw={figures.margin}
        note={t('cockpit.ofFees', { percent: formats.percent(share(figures.margin, figures.fees)) })}
        spark={{ values: margins, tone: 'flow' }}
        testId="margin"
      />
      <Figure
        name={t('cockpit.alerts')}
        value={formats.count(figures.alerts)}
        raw={figures.alerts}
        note={perThousand(figures.alerts)}
        spark={{ values: settled(series.alerts), tone: 'bad' }}
        testId="alerts-count"
      />
      <Figure
        name={t('cockpit.offers')}
        value={formats.count(figures.offers)}
        raw={figures.offers}
        note={perThousand(figures.offers)}
        spark={{ values: settled(series.offers) }}
        testId="offers-count"
      />
    </section>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: ReactNode;
  readonly raw: number | undefined;
  readonly note: string;
  readonly spark: SparklineProps;
  readonly testId: string;
}

function Figure({ name, value, raw, note, spark, testId }: FigureProps) {
  return (
    <div className={styles.figure}>
      <h2 className={styles.name}>{name}</h2>
      <p className={styles.value} data-testid={testId} data-value={raw ?? ''}>
        {value}
      </p>
      <p className={styles.note}>{note}</p>
      <Sparkline {...spark} />
    </div>
  );
}
