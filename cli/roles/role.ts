/** What every role is given and gives back. */
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Clock } from '../../core/clock.ts';
import type { Config } from '../../core/config.ts';
import type { Parts } from '../parts.ts';
import type { RoleBrief } from '../supervisor/role-process.ts';

export interface RoleContext {
  readonly config: Config;
  readonly parts: Parts;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly clock: Clock;
  readonly brief: RoleBrief;
}

export interface RunningRole {
  /** Settles when the role ends by itself; rejects with what it could not go on from. */
  readonly done: Promise<void>;
  readonly url?: string;
  /** For a processor: processes, by the ids of their briefs, that have ended. */
  markEnded?(ids: readonly string[]): void;
  stop(): Promise<void>;
}
