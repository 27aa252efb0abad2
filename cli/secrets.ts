/** Secrets of the embedded parts: made once, kept in the data directory, readable by its owner only. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { WeirError } from '../core/errors.ts';

const Secrets = Type.Object({
  jwtSecret: Type.String({ minLength: 32 }),
  natsPassword: Type.String({ minLength: 16 }),
  storePassword: Type.String({ minLength: 16 }),
});
export type Secrets = Static<typeof Secrets>;

const SECRET_BYTES = 32;

export function loadSecrets(dataDir: string): Secrets {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'secrets.json');
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (Value.Check(Secrets, parsed)) return parsed;
    throw new WeirError('config.invalid', `${path} does not hold the secrets of an embedded Weir`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const made = { jwtSecret: secret(), natsPassword: secret(), storePassword: secret() };
  writeFileSync(path, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return made;
}

function secret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}
