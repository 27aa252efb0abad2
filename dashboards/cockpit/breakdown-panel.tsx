/** The range's figures by one dimension, most transactions first; the bar is the share of transactions. */
import { useTranslation } from 'react-i18next';
import { useFormatters } from '../i18n/use-formatters.ts';
import type { KeyedFigures } from '../live/figures.ts';
import styles from './breakdown-panel.module.css';

/** What the API adds up beyond the number of values it keeps. */
const OTHER_KEY = '*';

export interface BreakdownPanelProps {
  readonly title: string;
  readonly rows: readonly KeyedFigures[];
  readonly currency: string;
  readonly testId: string;
  nameOf?(key: string): string;
}

export function BreakdownPanel({ title, rows, currency, testId, nameOf }: BreakdownPanelProps) {
  const { t } = useTranslation();
  const formats = useFormatters();
  const all = rows.reduce((sum, row) => sum + row.transactions, 0);
  return (
    <section className={styles.panel}>
      <table className={styles.table} data-testid={testId}>
        <caption className={styles.caption}>{title}</caption>
        <thead>
          <tr>
            <th scope="col">
              <span className={styles.hidden}>{title}</span>
            </th>
            <th scope="col">{t('cockpit.transactions')}</th>
            <th scope="col">{t('cockpit.value')}</th>
            <th scope="col">{t('cockpit.successRate')}</th>
            <th scope="col">{t('cockpit.margin')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key} data-key={row.key}>
              <th scope="row">
                <span className={styles.name}>
                  {row.key === ''
                    ? t('cockpit.notGiven')
                    : row.key === OTHER_KEY
                      ? '…'
                      : (nameOf?.(row.key) ?? row.key)}
                </span>
                <span className={styles.track} aria-hidden="true">
                  <span
                    className={styles.bar}
                    style={{ width: `${all === 0 ? 0 : (row.transactions / all) * 100}%` }}
                  />
                </span>
              </th>
              <td data-value={row.transactions}>{formats.compact(row.transactions)}</td>
              <td data-value={row.volume}>{formats.moneyCompact(row.volume, currency)}</td>
              <td>{formats.percent(row.successRate)}</td>
              <td data-negative={row.margin < 0}>{formats.moneyCompact(row.margin, currency)}</td>
            </tr>
          ))}
          {rows.length === 0 && (
            <tr>
              <td colSpan={5} className={styles.none}>
                {t('cockpit.noRows')}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}
