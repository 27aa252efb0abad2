/** `weir token`: signs a bearer token with the secret of this Weir. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { createTokenAuthority, ROLES } from '../../api/token-authority.ts';
import { parseDurationMs } from '../../core/clock.ts';
import { parseConfig } from '../../core/config.ts';
import { loadSecrets } from '../secrets.ts';

interface TokenOptions {
  readonly role: (typeof ROLES)[number];
  readonly customer?: string;
  readonly ttl: number;
}

export function tokenCommand(): Command {
  return new Command('token')
    .description('print a bearer token')
    .addOption(new Option('--role <role>', 'what the token allows').choices(ROLES).makeOptionMandatory())
    .option('--customer <id>', 'the customer that an app token speaks for')
    .option('--ttl <duration>', 'how long it is valid, such as 12h or 30d', parseTtlSeconds, 86_400)
    .action(({ role, customer, ttl }: TokenOptions) => {
      if (role === 'app' && customer === undefined) throw new InvalidArgumentError('an app token needs --customer');
      process.stdout.write(`${signToken(role, customer ?? `cli-${role}`, ttl)}\n`);
    });
}

/** Signs with `JWT_SECRET`, or with the secret in the data directory. */
export function signToken(role: (typeof ROLES)[number], sub: string, ttlSeconds: number): string {
  const config = parseConfig(process.env);
  const secret = config.JWT_SECRET === '' ? loadSecrets(config.WEIR_DATA_DIR).jwtSecret : config.JWT_SECRET;
  return createTokenAuthority(secret).sign({ role, sub, ttlSeconds });
}

function parseTtlSeconds(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 1_000) throw new InvalidArgumentError('a duration such as 12h or 30d');
  return Math.floor(ms / 1_000);
}
