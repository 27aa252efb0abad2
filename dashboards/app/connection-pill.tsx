/** The connection in the top bar of small screens. */
import { useTranslation } from 'react-i18next';
import { useFormatters } from '../i18n/use-formatters.ts';
import { ConnectionDot } from './connection-dot.tsx';
import styles from './connection-pill.module.css';
import { useDeskView } from './desk-context.tsx';

export function ConnectionPill() {
  const { t } = useTranslation();
  const formats = useFormatters();
  const view = useDeskView();
  if (view === undefined) return null;
  const { phase } = view.connection;
  return (
    <span className={styles.pill} data-state={phase}>
      <ConnectionDot phase={phase} />
      {t(`connection.${phase}`)}
      <span className={styles.position}>{formats.count(view.position)}</span>
    </span>
  );
}
