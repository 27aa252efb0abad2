/** The phone's live connection for as long as its customer is shown. */
import { useEffect, useState, useSyncExternalStore } from 'react';
import { type PhoneLive, type PhoneView, startPhoneLive } from '../live/phone-live.ts';
import { type Session, signOut } from '../session/session-store.ts';

const NOTHING = () => () => {};

export function usePhoneLive({ token, sub }: Session): { live: PhoneLive | undefined; view: PhoneView | undefined } {
  const [live, setLive] = useState<PhoneLive>();
  useEffect(() => {
    const started = startPhoneLive(token, sub, () => signOut('phone', 'refused'));
    setLive(started);
    return () => {
      started.stop();
      setLive(undefined);
    };
  }, [token, sub]);
  const view = useSyncExternalStore(live?.view.subscribe ?? NOTHING, () => live?.view.getSnapshot());
  return { live, view };
}
