/** The roles and customers of the demo to choose from. */
import {
  IconChevronRight,
  IconGauge,
  IconShieldCheck,
  IconShieldSearch,
  IconTool,
  type TablerIcon,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { DemoPersona } from '../../api/schemas/demo.ts';
import styles from './demo-choices.module.css';
import { PersonaAvatar } from './persona-avatar.tsx';

const DESK_ROLES = ['manager', 'analyst', 'approver', 'admin'] as const;
const ICONS: Record<(typeof DESK_ROLES)[number], TablerIcon> = {
  manager: IconGauge,
  analyst: IconShieldSearch,
  approver: IconShieldCheck,
  admin: IconTool,
};

export interface DemoChoicesProps {
  readonly personas: readonly DemoPersona[];
  readonly pending: string | undefined;
  onChoose(role: string, customer?: string): void;
}

export function DemoChoices({ personas, pending, onChoose }: DemoChoicesProps) {
  const { t } = useTranslation();
  return (
    <div className={styles.columns}>
      <section aria-labelledby="demo-roles">
        <h2 id="demo-roles" className={styles.heading}>
          {t('signIn.rolesTitle')}
        </h2>
        <ul className={styles.list}>
          {DESK_ROLES.map((role) => {
            const Icon = ICONS[role];
            return (
              <li key={role}>
                <button
                  type="button"
                  className={styles.choice}
                  data-testid={`sign-in-role-${role}`}
                  disabled={pending !== undefined}
                  aria-busy={pending === role}
                  onClick={() => onChoose(role)}
                >
                  <span className={styles.icon} aria-hidden="true">
                    <Icon size={18} stroke={1.6} />
                  </span>
                  <span className={styles.words}>
                    <span className={styles.name}>{t(`roles.${role}`)}</span>
                    <span className={styles.hint}>{t(`roleHints.${role}`)}</span>
                  </span>
                  <IconChevronRight size={16} stroke={1.75} className={styles.go ?? ''} aria-hidden="true" />
                </button>
              </li>
            );
          })}
        </ul>
      </section>
      <section aria-labelledby="demo-personas">
        <h2 id="demo-personas" className={styles.heading}>
          {t('signIn.personasTitle')}
        </h2>
        <ul className={styles.list}>
          {personas.map(({ customer, name, story }) => (
            <li key={customer}>
              <button
                type="button"
                className={styles.choice}
                data-testid={`sign-in-persona-${customer}`}
                disabled={pending !== undefined}
                aria-busy={pending === customer}
                onClick={() => onChoose('app', customer)}
              >
                <PersonaAvatar name={name} />
                <span className={styles.words}>
                  <span className={styles.name}>{name}</span>
                  <span className={styles.hint}>{story}</span>
                </span>
                <IconChevronRight size={16} stroke={1.75} className={styles.go ?? ''} aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
