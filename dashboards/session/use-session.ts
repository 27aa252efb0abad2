/** The session of a surface as React state. */
import { useSyncExternalStore } from 'react';
import { currentSession, type Session, type Surface, subscribeSessions } from './session-store.ts';

export function useSession(surface: Surface): Session | undefined {
  return useSyncExternalStore(subscribeSessions, () => currentSession(surface));
}
