import { describe, expect, test } from 'vitest';
import { escapeXml, writeServerConfig, writeUsersConfig } from '../../../storage/embedded/server-config.ts';

describe('configuration of the embedded ClickHouse', () => {
  test('a path can never become markup', () => {
    const text = writeServerConfig({ usersFile: `/tmp/a<b>&"'/users.xml`, memoryBytesMax: 1e9, nonce: 'n' });
    expect(text).toContain('<users_config>/tmp/a&#60;b&#62;&#38;&#34;&#39;/users.xml</users_config>');
    expect(() => escapeXml('a\u0000b')).toThrow(RangeError);
    expect(() => escapeXml('a\ud800b')).toThrow(RangeError);
  });

  test('the password is kept as a hash only, and names are plain identifiers', () => {
    const options = { user: 'weir', password: 's3cret<&', database: 'weir', memoryBytesMax: 1e9 };
    const text = writeUsersConfig(options);
    expect(text).not.toContain('s3cret');
    expect(text).toMatch(/<password_sha256_hex>[0-9a-f]{64}</);
    for (const user of ['a b', 'a><b', '', 'default']) {
      expect(() => writeUsersConfig({ ...options, user })).toThrow(RangeError);
    }
    expect(() => writeUsersConfig({ ...options, database: '*' })).toThrow(RangeError);
  });

  test('engines are granted by name, never all of them', () => {
    const text = writeUsersConfig({ user: 'weir', password: 'p', database: 'weir', memoryBytesMax: 1e9 });
    expect(text).toContain('GRANT TABLE ENGINE ON MergeTree<');
    expect(text).not.toMatch(/TABLE ENGINE ON (\*|File|URL)/);
  });
});
