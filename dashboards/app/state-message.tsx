/** An empty, refused or failed state said in one line, with what can be done about it. */
import type { ReactNode } from 'react';
import styles from './state-message.module.css';

export interface StateMessageProps {
  readonly title: string;
  readonly hint?: string | undefined;
  readonly icon?: ReactNode;
  readonly tone?: 'calm' | 'bad';
  readonly action?: { readonly label: string; onClick(): void } | undefined;
  readonly testId?: string;
}

export function StateMessage({ title, hint, icon, tone = 'calm', action, testId }: StateMessageProps) {
  return (
    <div className={styles.state} data-tone={tone} data-testid={testId} role={tone === 'bad' ? 'alert' : undefined}>
      {icon !== undefined && (
        <span className={styles.icon} aria-hidden="true">
          {icon}
        </span>
      )}
      <p className={styles.title}>{title}</p>
      {hint !== undefined && <p className={styles.hint}>{hint}</p>}
      {action !== undefined && (
        <button type="button" className={styles.action} onClick={action.onClick}>
          {action.label}
        </button>
      )}
    </div>
  );
}
