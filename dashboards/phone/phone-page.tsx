/**
 * A customer's phone. On a desktop it stands in a frame between the customers to choose from and the messages on its
 * wire; on a phone it is the whole screen.
 */

import { IconDeviceMobile } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { DemoAnswer } from '../../api/schemas/demo.ts';
import { StateMessage } from '../app/state-message.tsx';
import { requestJson } from '../http/api-client.ts';
import { signInToDemo } from '../session/demo-sign-in.ts';
import { type Session, signIn } from '../session/session-store.ts';
import { useSession } from '../session/use-session.ts';
import { PersonaPicker } from './persona-picker.tsx';
import styles from './phone-page.module.css';
import { PhoneScreen } from './phone-screen.tsx';
import { usePhoneLive } from './use-phone-live.ts';
import { WirePanel } from './wire-panel.tsx';

export function PhonePage() {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const session = useSession('phone');
  const [pending, setPending] = useState<string>();
  const [failure, setFailure] = useState<string>();
  const demo = useQuery({
    queryKey: ['demo-personas'],
    queryFn: ({ signal }) => requestJson<DemoAnswer>('/v1/demo', { signal }),
    staleTime: 60_000,
    retry: false,
  });
  useEffect(() => {
    document.title = `${t('phone.title')} · Weir`;
  }, [t]);

  const personas = demo.data?.personas ?? [];
  const choose = async (customer: string): Promise<void> => {
    setPending(customer);
    setFailure(undefined);
    try {
      signIn(await signInToDemo('app', customer));
    } catch (problem) {
      setFailure(problem instanceof Error ? problem.message : String(problem));
    } finally {
      setPending(undefined);
    }
  };
  const picker = personas.length > 0 && (
    <PersonaPicker
      personas={personas}
      current={session?.sub}
      pending={pending}
      onChoose={(customer) => void choose(customer)}
    />
  );

  return (
    <div className={styles.page} data-signed-in={session !== undefined}>
      <div className={styles.intro}>
        <h1 className={styles.title}>{t('phone.title')}</h1>
        <p className={styles.text}>{t('phone.intro')}</p>
        {failure !== undefined && (
          <p className={styles.failure} role="alert">
            {t('signIn.failed', { message: failure })}
          </p>
        )}
        {picker}
      </div>
      {session === undefined ? (
        <div className={styles.stage}>
          <div className={styles.frame}>
            <StateMessage
              icon={<IconDeviceMobile size={18} stroke={1.6} />}
              title={personas.length > 0 ? t('phone.choose') : t('phone.needsSignIn')}
              hint={personas.length > 0 ? undefined : t('phone.needsSignInHint')}
              action={personas.length > 0 ? undefined : { label: t('nav.signIn'), onClick: () => navigate('/sign-in') }}
              testId="phone-signed-out"
            />
          </div>
        </div>
      ) : (
        <Phone
          key={session.sub}
          session={session}
          name={personas.find((one) => one.customer === session.sub)?.name}
          onLeave={() => navigate('/sign-in')}
        />
      )}
    </div>
  );
}

interface PhoneProps {
  readonly session: Session;
  readonly name: string | undefined;
  onLeave(): void;
}

function Phone({ session, name, onLeave }: PhoneProps) {
  const { live, view } = usePhoneLive(session);
  return (
    <>
      <div className={styles.stage}>
        <div className={styles.frame}>
          {live !== undefined && view !== undefined && (
            <PhoneScreen customer={session.sub} name={name} live={live} view={view} onLeave={onLeave} />
          )}
        </div>
      </div>
      {live !== undefined && view !== undefined && <WirePanel live={live} view={view} />}
    </>
  );
}
