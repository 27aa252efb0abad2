/** Who a token says that its bearer is: what is signed comes back, and nothing else is believed. */
import { describe, expect, it } from 'vitest';
import { createTokenAuthority } from '../../../api/token-authority.ts';
import { auth, bearer, buildBareServer } from '../../support/api/bare-server.ts';

describe('tokens', () => {
  it('come back as they were signed', () => {
    const token = auth.sign({ role: 'app', sub: 'c-42', ttlSeconds: 60 });
    expect(auth.verify(token)).toMatchObject({ role: 'app', sub: 'c-42' });
  });

  it.each([
    [
      'signed with another secret',
      () => createTokenAuthority('b'.repeat(40)).sign({ role: 'admin', sub: 'x', ttlSeconds: 60 }),
    ],
    [
      'without a signature',
      () =>
        `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${Buffer.from('{"role":"admin","sub":"x","exp":99999999999}').toString('base64url')}.`,
    ],
    [
      'with a changed payload',
      () => {
        const [head, , signature] = auth.sign({ role: 'app', sub: 'x', ttlSeconds: 60 }).split('.');
        return `${head}.${Buffer.from('{"role":"admin","sub":"x","exp":99999999999}').toString('base64url')}.${signature}`;
      },
    ],
    ['with a role that does not exist', () => auth.sign({ role: 'root' as 'admin', sub: 'x', ttlSeconds: 60 })],
    ['without a subject', () => auth.sign({ role: 'admin', sub: '', ttlSeconds: 60 })],
    ['of an absurd length', () => 'a'.repeat(10_000)],
  ])('are refused %s', (_name, make) => {
    expect(() => auth.verify(make())).toThrowError(expect.objectContaining({ code: 'auth.missing' }));
  });

  it('end', async () => {
    const token = auth.sign({ role: 'app', sub: 'x', ttlSeconds: 1 });
    expect(auth.verify(token).sub).toBe('x');
    await expect
      .poll(
        () => {
          try {
            return auth.verify(token).sub;
          } catch (error) {
            return (error as Error).message;
          }
        },
        { timeout: 5_000 },
      )
      .toBe('the token has expired');
  });

  it('are not signed with a short secret', () => {
    expect(() => createTokenAuthority('short')).toThrowError(expect.objectContaining({ code: 'config.invalid' }));
  });

  it('of an admin open every door', async () => {
    const app = await buildBareServer();
    const answer = await app.inject({ url: '/v1/secret', headers: bearer('admin', 'boss') });
    expect(answer.json()).toEqual({ sub: 'boss' });
    await app.close();
  });
});
