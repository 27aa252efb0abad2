/** The range of time and the currency that figures are shown for. */
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './range-choice.module.css';
import { RANGES, type RangeName } from './ranges.ts';

export function RangeChoice({ value, onChange }: { readonly value: RangeName; onChange(range: RangeName): void }) {
  const { t } = useTranslation();
  const name = useId();
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{t('ranges.label')}</legend>
      {RANGES.map((range) => (
        <label key={range} className={styles.option} data-testid={`range-${range}`}>
          <input
            type="radio"
            name={name}
            className={styles.radio}
            checked={range === value}
            onChange={() => onChange(range)}
          />
          <span className={styles.text}>{t(`ranges.${range}`)}</span>
        </label>
      ))}
    </fieldset>
  );
}

export interface CurrencyChoiceProps {
  readonly currencies: readonly string[];
  readonly value: string;
  onChange(currency: string): void;
}

export function CurrencyChoice({ currencies, value, onChange }: CurrencyChoiceProps) {
  const { t } = useTranslation();
  return (
    <label className={styles.currency}>
      <span className={styles.legend}>{t('cockpit.currency')}</span>
      <select
        className={styles.select}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        data-testid="currency"
      >
        {currencies.map((currency) => (
          <option key={currency}>{currency}</option>
        ))}
      </select>
    </label>
  );
}
