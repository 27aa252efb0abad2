/** Whether the line is up, and the log position that the figures hold for. */
import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useFormatters } from '../i18n/use-formatters.ts';
import styles from './connection-card.module.css';
import { ConnectionDot } from './connection-dot.tsx';
import { useDeskView } from './desk-context.tsx';

export function ConnectionCard() {
  const { t } = useTranslation();
  const formats = useFormatters();
  const view = useDeskView();
  if (view === undefined) return null;
  const { phase, attempts } = view.connection;
  return (
    <Tooltip label={t('connection.positionHint')} position="right" multiline w={220}>
      <section className={styles.card} aria-label={t('connection.label')}>
        <span className={styles.phase} data-testid="connection-state" data-state={phase}>
          <ConnectionDot phase={phase} />
          {t(`connection.${phase}`)}
          {phase === 'reconnecting' && attempts > 0 && (
            <span className={styles.attempts}>{t('connection.attempt', { count: attempts })}</span>
          )}
        </span>
        <span className={styles.position} data-testid="log-position" data-position={view.position}>
          {t('connection.position', { position: formats.count(view.position) })}
        </span>
      </section>
    </Tooltip>
  );
}
