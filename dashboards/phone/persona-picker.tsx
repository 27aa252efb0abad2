/** The demo's customers; one of them holds the phone. */
import { useTranslation } from 'react-i18next';
import type { DemoPersona } from '../../api/schemas/demo.ts';
import { PersonaAvatar } from '../session/persona-avatar.tsx';
import styles from './persona-picker.module.css';

export interface PersonaPickerProps {
  readonly personas: readonly DemoPersona[];
  readonly current: string | undefined;
  readonly pending: string | undefined;
  onChoose(customer: string): void;
}

export function PersonaPicker({ personas, current, pending, onChoose }: PersonaPickerProps) {
  const { t } = useTranslation();
  return (
    <ul className={styles.list} aria-label={t('phone.who')}>
      {personas.map(({ customer, name, story }) => (
        <li key={customer}>
          <button
            type="button"
            className={styles.persona}
            aria-pressed={customer === current}
            aria-busy={customer === pending}
            disabled={pending !== undefined}
            onClick={() => onChoose(customer)}
            data-testid={`sign-in-persona-${customer}`}
          >
            <PersonaAvatar name={name} />
            <span className={styles.words}>
              <span className={styles.name}>{name}</span>
              <span className={styles.story}>{story}</span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
