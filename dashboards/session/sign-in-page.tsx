/**
 * The way in. On a demo server one picks a role or a customer; elsewhere one pastes a token. Says why the last session
 * ended, and when the server does not answer.
 */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { DemoPersona } from '../../api/schemas/demo.ts';
import { BrandMark } from '../app/brand.tsx';
import { StateMessage } from '../app/state-message.tsx';
import { ApiProblem, requestJson } from '../http/api-client.ts';
import { DemoChoices } from './demo-choices.tsx';
import { signInToDemo } from './demo-sign-in.ts';
import { Preferences } from './preferences.tsx';
import { lastEndReason, type Session, signIn } from './session-store.ts';
import styles from './sign-in-page.module.css';
import { TokenForm } from './token-form.tsx';

const END_REASONS = {
  expired: 'signIn.endedExpired',
  refused: 'signIn.endedRefused',
  'signed-out': 'signIn.endedSignedOut',
} as const;

interface Demo {
  readonly enabled: boolean;
  readonly personas: readonly DemoPersona[];
}

/** The demo's personas; an empty demo where the server has none. */
async function loadDemo(signal: AbortSignal): Promise<Demo> {
  try {
    return await requestJson<Demo>('/v1/demo', { signal });
  } catch (problem) {
    if (problem instanceof ApiProblem && (problem.status === 404 || problem.status === 403 || problem.status === 401)) {
      return { enabled: false, personas: [] };
    }
    throw problem;
  }
}

export function SignInPage() {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const demo = useQuery({ queryKey: ['demo'], queryFn: ({ signal }) => loadDemo(signal), staleTime: 60_000 });
  const [pending, setPending] = useState<string>();
  const [failure, setFailure] = useState<string>();
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);

  const enter = (session: Session): void => {
    navigate(signIn(session) === 'phone' ? '/phone' : '/', { replace: true });
  };
  const choose = async (role: string, customer?: string): Promise<void> => {
    setPending(customer ?? role);
    setFailure(undefined);
    try {
      enter(await signInToDemo(role, customer));
    } catch (problem) {
      setFailure(problem instanceof Error ? problem.message : String(problem));
      setPending(undefined);
    }
  };
  const endReason = lastEndReason();

  return (
    <div className={styles.page}>
      <header className={styles.top}>
        <Preferences />
      </header>
      <main className={styles.main} id="main">
        <div className={styles.head}>
          <BrandMark size={40} />
          <h1 className={styles.title} ref={title} tabIndex={-1}>
            {t('signIn.title')}
          </h1>
          <p className={styles.tagline}>{t('app.tagline')}</p>
        </div>
        {endReason !== undefined && (
          <p className={styles.notice} role="status">
            {t(END_REASONS[endReason])}
          </p>
        )}
        {failure !== undefined && (
          <p className={styles.notice} data-tone="bad" role="alert">
            {t('signIn.failed', { message: failure })}
          </p>
        )}
        {demo.isPending && <div className={styles.placeholder} aria-hidden="true" />}
        {demo.isError && (
          <StateMessage
            tone="bad"
            title={t('signIn.unreachable')}
            hint={t('signIn.unreachableHint')}
            action={{ label: t('app.retry'), onClick: () => void demo.refetch() }}
            testId="sign-in-unreachable"
          />
        )}
        {demo.data?.enabled === true && (
          <DemoChoices
            personas={demo.data.personas}
            pending={pending}
            onChoose={(role, who) => void choose(role, who)}
          />
        )}
        {demo.data?.enabled === false && (
          <p className={styles.off} data-testid="demo-off">
            <strong>{t('signIn.demoOff')}</strong> {t('signIn.demoOffHint')}
          </p>
        )}
        {!demo.isPending && <TokenForm open={demo.data?.enabled === false} onSession={enter} />}
      </main>
    </div>
  );
}
