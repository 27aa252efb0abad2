/** Reads role, subject and expiry out of a JSON Web Token, to show and route by. Only the server checks the signature. */
export interface TokenClaims {
  readonly token: string;
  readonly role: string;
  readonly sub: string;
  readonly expiresMs: number;
}

export function readToken(text: string): TokenClaims | undefined {
  const token = text.trim().replace(/^Bearer\s+/i, '');
  const payload = token.split('.')[1];
  if (payload === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== 'object' || claims === null) return undefined;
    const { role, sub, exp } = claims as Record<string, unknown>;
    if (typeof role !== 'string' || typeof sub !== 'string' || typeof exp !== 'number') return undefined;
    return { token, role, sub, expiresMs: exp * 1_000 };
  } catch {
    return undefined;
  }
}
