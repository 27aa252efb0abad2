/** A decision in one word; its colour is a judgement, so the word stands beside it. */
import { useTranslation } from 'react-i18next';
import type { AlertView } from '../../api/live/messages.ts';
import styles from './decision-tag.module.css';

export function DecisionTag({ decision }: { readonly decision: AlertView['decision'] }) {
  const { t } = useTranslation();
  return (
    <span className={styles.tag} data-decision={decision}>
      {t(`decisions.${decision}`)}
    </span>
  );
}
