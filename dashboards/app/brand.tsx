/** The mark: water that passes over a step, and is measured there. */
import { useTranslation } from 'react-i18next';
import styles from './brand.module.css';

export function Brand() {
  const { t } = useTranslation();
  return (
    <span className={styles.brand}>
      <BrandMark />
      <span className={styles.name}>{t('app.name')}</span>
    </span>
  );
}

export function BrandMark({ size = 24 }: { readonly size?: number }) {
  return (
    <svg className={styles.mark} viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M6 11h12c4 0 4 5 8 5M6 16h9c4 0 4 5 8 5h3M6 21h6" />
    </svg>
  );
}
