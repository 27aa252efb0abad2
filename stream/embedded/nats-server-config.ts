/**
 * The configuration file of the embedded nats-server: loopback only, one user, one store directory. It holds the
 * password, so that it is on no command line; whoever writes it gives it mode 600.
 */
import { WeirError } from '../../core/errors.ts';
import type { ServerFeatures } from '../server-features.ts';
import { MESSAGE_BYTES_MAX } from '../topology.ts';

/** How often a server from 2.10 on forces its files to the disk; 2.9 does so each minute and cannot be told. */
const SYNC_INTERVAL = '10s';

export interface NatsServerConfig {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly storeDir: string;
  /** What all streams together may reserve. */
  readonly storeBytesMax: number;
}

/** Throws `config.invalid` for a user or password that the server's format cannot carry. */
export function formatNatsServerConfig(config: NatsServerConfig, features: ServerFeatures): string {
  const jetstream = [
    `  store_dir: ${quote(config.storeDir)}`,
    `  max_file_store: ${config.storeBytesMax}`,
    ...(features.has('syncInterval') ? [`  sync_interval: ${quote(SYNC_INTERVAL)}`] : []),
  ];
  return [
    'server_name: weir',
    `listen: ${quote(`127.0.0.1:${config.port}`)}`,
    `max_payload: ${MESSAGE_BYTES_MAX}`,
    'logtime: false',
    'jetstream {',
    ...jetstream,
    '}',
    'authorization {',
    `  user: ${quote(config.user)}`,
    `  password: ${quote(plainPassword(config.password))}`,
    '}',
    '',
  ].join('\n');
}

/** The server takes a password that looks like a bcrypt hash for one, and no client could ever sign in. */
function plainPassword(password: string): string {
  if (password.startsWith('$2')) throw new WeirError('config.invalid', 'the password looks like a bcrypt hash');
  return password;
}

function quote(text: string): string {
  if (/[^\x20-\x7e]/.test(text))
    throw new WeirError('config.invalid', 'only printable ASCII fits the NATS configuration');
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
