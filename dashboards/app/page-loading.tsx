/** What is shown while a page's code is on its way; silent for the first moment, so that fast loads do not flicker. */
import { useTranslation } from 'react-i18next';
import styles from './page-loading.module.css';

export function PageLoading() {
  const { t } = useTranslation();
  return (
    <div className={styles.loading} role="status">
      <span className={styles.bar} aria-hidden="true" />
      <span className={styles.text}>{t('app.loading')}</span>
    </div>
  );
}
