/** What every simulated process is given. */
import type { Logger } from 'pino';
import type { Clock } from '../../../core/clock.ts';
import type { Config } from '../../../core/config.ts';
import type { Store } from '../../../storage/open-store.ts';
import { connectStream, type StreamConnection } from '../../../stream/connection.ts';
import type { Owner } from '../world/scheduler.ts';

export const NATS_PORT = 4222;

export interface PartSurroundings {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  openStore(caller: Owner): Store;
}

export function connectPart(s: PartSurroundings, name: string): Promise<StreamConnection> {
  return connectStream({ url: `127.0.0.1:${NATS_PORT}`, name, log: s.log });
}
