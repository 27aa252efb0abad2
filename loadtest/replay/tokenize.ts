/**
 * Identifiers that must not travel as they are (card numbers) become keyed tokens: the same number gives the same
 * token under the same key, and nobody without the key gets from one to the other by trying all numbers.
 */
import { createHmac } from 'node:crypto';

/** 96 bits: a collision among a billion cards is a matter of one in 10^11. */
const TOKEN_CHARS = 16;

export function createTokenizer(key: string): (prefix: string, value: string) => string {
  const known = new Map<string, string>();
  return (prefix, value) => {
    const name = `${prefix}\0${value}`;
    let token = known.get(name);
    if (token === undefined) {
      token = `${prefix}${createHmac('sha256', key).update(name).digest('base64url').slice(0, TOKEN_CHARS)}`;
      if (known.size >= TOKENS_CACHED_MAX) known.clear();
      known.set(name, token);
    }
    return token;
  };
}

const TOKENS_CACHED_MAX = 100_000;
