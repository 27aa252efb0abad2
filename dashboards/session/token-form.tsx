/** Sign-in by a pasted token, as production has it. The server checks it with the first call. */
import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { readToken } from './read-token.ts';
import type { Session } from './session-store.ts';
import styles from './token-form.module.css';

export interface TokenFormProps {
  /** Shown at once, rather than behind a button. */
  readonly open: boolean;
  onSession(session: Session): void;
}

export function TokenForm({ open, onSession }: TokenFormProps) {
  const { t } = useTranslation();
  const id = useId();
  const [asked, setAsked] = useState(false);
  const [problem, setProblem] = useState<'signIn.tokenInvalid' | 'signIn.tokenExpired'>();

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const text = new FormData(event.currentTarget).get('token');
    const session = typeof text === 'string' ? readToken(text) : undefined;
    if (session === undefined) setProblem('signIn.tokenInvalid');
    else if (session.expiresMs <= Date.now()) setProblem('signIn.tokenExpired');
    else onSession(session);
  };

  if (!open && !asked) {
    return (
      <button type="button" className={styles.toggle} onClick={() => setAsked(true)} data-testid="sign-in-token-toggle">
        {t('signIn.tokenToggle')}
      </button>
    );
  }
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <label className={styles.label} htmlFor={id}>
        {t('signIn.tokenLabel')}
      </label>
      <textarea
        id={id}
        name="token"
        rows={4}
        spellCheck={false}
        autoComplete="off"
        className={styles.input}
        placeholder="eyJhbGciOiJIUzI1NiJ9…"
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-problem ${id}-hint`}
        onChange={() => setProblem(undefined)}
        data-testid="sign-in-token"
      />
      <p id={`${id}-problem`} className={styles.problem} role="alert">
        {problem !== undefined && t(problem)}
      </p>
      <p id={`${id}-hint`} className={styles.hint}>
        {t('signIn.tokenHint')} <code>npm run weir -- token --role manager</code>
      </p>
      <button type="submit" className={styles.submit} data-testid="sign-in-token-submit">
        {t('signIn.tokenSubmit')}
      </button>
    </form>
  );
}
