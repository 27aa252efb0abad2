/**
 * Who is signed in on this device. The desk (managers, analysts, approvers, admins) and the phone (a customer) hold one
 * session each, so that both can be open side by side. Kept in localStorage, followed across tabs.
 */
import { readToken } from './read-token.ts';

export type Surface = 'desk' | 'phone';
export interface Session {
  readonly token: string;
  readonly role: string;
  readonly sub: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresMs: number;
}
/** Why the last session ended, for the sign-in page to say. */
export type EndReason = 'expired' | 'refused' | 'signed-out';

const storageKey = (surface: Surface): string => `weir.session.${surface}`;
const listeners = new Set<() => void>();
const sessions: Record<Surface, Session | undefined> = { desk: load('desk'), phone: load('phone') };
let endReason: EndReason | undefined;

function load(surface: Surface): Session | undefined {
  const token = localStorage.getItem(storageKey(surface));
  const session = token === null ? undefined : readToken(token);
  return session !== undefined && session.expiresMs > Date.now() ? session : undefined;
}

function notify(): void {
  for (const listener of listeners) listener();
}

export function surfaceOf(role: string): Surface {
  return role === 'app' ? 'phone' : 'desk';
}

export function currentSession(surface: Surface): Session | undefined {
  return sessions[surface];
}

export function lastEndReason(): EndReason | undefined {
  return endReason;
}

export function signIn(session: Session): Surface {
  const surface = surfaceOf(session.role);
  sessions[surface] = session;
  endReason = undefined;
  localStorage.setItem(storageKey(surface), session.token);
  notify();
  return surface;
}

export function signOut(surface: Surface, reason: EndReason): void {
  if (sessions[surface] === undefined) return;
  sessions[surface] = undefined;
  endReason = reason;
  localStorage.removeItem(storageKey(surface));
  notify();
}

export function subscribeSessions(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

window.addEventListener('storage', (event) => {
  for (const surface of ['desk', 'phone'] as const) {
    if (event.key !== storageKey(surface)) continue;
    sessions[surface] = load(surface);
    notify();
  }
});
