/** Keeps the desk's live connection for as long as somebody is signed in at the desk. */
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import { type DeskLive, type DeskView, startDeskLive } from '../live/desk-live.ts';
import { signOut } from '../session/session-store.ts';
import { useSession } from '../session/use-session.ts';

const DeskContext = createContext<DeskLive | undefined>(undefined);

export function DeskProvider({ children }: { readonly children: ReactNode }) {
  const token = useSession('desk')?.token;
  const [desk, setDesk] = useState<DeskLive>();
  useEffect(() => {
    if (token === undefined) return undefined;
    const started = startDeskLive(token, () => signOut('desk', 'refused'));
    setDesk(started);
    return () => {
      started.stop();
      setDesk(undefined);
    };
  }, [token]);
  return <DeskContext value={desk}>{children}</DeskContext>;
}

export function useDesk(): DeskLive | undefined {
  return useContext(DeskContext);
}

const NOTHING = () => () => {};

/** The desk's figures, at most four times a second; `undefined` while nobody is signed in. */
export function useDeskView(): DeskView | undefined {
  const desk = useDesk();
  return useSyncExternalStore(desk?.view.subscribe ?? NOTHING, () => desk?.view.getSnapshot());
}
