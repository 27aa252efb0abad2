/**
 * Issues and checks the bearer tokens of every HTTP request and socket: HS256 JSON Web Tokens with a role, a subject
 * and an expiry. Only HS256 is accepted, so a token that names another algorithm (or none) is no token.
 */
import { createSigner, createVerifier } from 'fast-jwt';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { SECOND_MS } from '../core/clock.ts';
import { WeirError } from '../core/errors.ts';

export const ROLES = ['ingest', 'app', 'analyst', 'approver', 'manager', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who a request comes from. For the role `app`, `sub` is the customer. */
export interface Identity {
  readonly role: Role;
  readonly sub: string;
  /** When the token ends, milliseconds since the Unix epoch. */
  readonly expiresMs: number;
}

interface TokenRequest {
  readonly role: Role;
  readonly sub: string;
  readonly ttlSeconds: number;
}

export interface TokenAuthority {
  sign(request: TokenRequest): string;
  /** Throws a `WeirError` `auth.missing` for a token that is malformed, expired, forged or lacks a claim. */
  verify(token: string): Identity;
}

const Claims = Type.Object({
  role: Type.Enum([...ROLES]),
  sub: Type.String({ minLength: 1, maxLength: 256 }),
  exp: Type.Number(),
});
type Claims = Static<typeof Claims>;

const SECRET_BYTES_MIN = 32;
/** A token longer than this is refused unread. */
const TOKEN_LENGTH_MAX = 4_096;
/** Verified tokens remembered by the verifier: a producer sends the same one with each request. */
const TOKENS_CACHED_MAX = 1_000;

/** Throws a `WeirError` `config.invalid` for a secret under 32 bytes. */
export function createTokenAuthority(secret: string): TokenAuthority {
  if (Buffer.byteLength(secret) < SECRET_BYTES_MIN) {
    throw new WeirError('config.invalid', `the token secret must have at least ${SECRET_BYTES_MIN} bytes`);
  }
  const claims = Compile(Claims);
  const verifyToken = createVerifier({
    key: secret,
    algorithms: ['HS256'],
    requiredClaims: ['exp', 'sub', 'role'],
    cache: TOKENS_CACHED_MAX,
  });
  return {
    sign({ role, sub, ttlSeconds }) {
      const signToken = createSigner({ key: secret, algorithm: 'HS256', expiresIn: ttlSeconds * SECOND_MS });
      return signToken({ role, sub });
    },
    verify(token) {
      if (token.length > TOKEN_LENGTH_MAX) throw new WeirError('auth.missing', 'the token is too long');
      const payload = decode(verifyToken, token);
      if (!claims.Check(payload)) throw new WeirError('auth.missing', 'the token lacks a role or a subject');
      const { role, sub, exp }: Claims = payload;
      return { role, sub, expiresMs: exp * SECOND_MS };
    },
  };
}

/** The bearer token of an `Authorization` header; `undefined` when it carries none. */
export function bearerToken(header: string | undefined): string | undefined {
  const match = header === undefined ? null : /^Bearer +([^\s]+) *$/i.exec(header);
  return match?.[1];
}

function decode(verifyToken: (token: string) => unknown, token: string): unknown {
  try {
    return verifyToken(token);
  } catch (cause) {
    const expired = cause instanceof Error && 'code' in cause && cause.code === 'FAST_JWT_EXPIRED';
    throw new WeirError('auth.missing', expired ? 'the token has expired' : 'the token is not valid', { cause });
  }
}
