/** Finds the Weir that runs on this data directory. */
import { resolve } from 'node:path';
import type { Config } from '../../core/config.ts';
import { WeirError } from '../../core/errors.ts';
import { isAlive, type RunFile, readRunFile } from '../parts.ts';

/** Throws a `WeirError` `part.not_ready` that says how to start one. */
export function findRunning(config: Config): RunFile {
  const run = readRunFile(resolve(config.WEIR_DATA_DIR));
  if (run !== undefined && isAlive(run.pid)) return run;
  throw new WeirError('part.not_ready', `no Weir runs on ${resolve(config.WEIR_DATA_DIR)}; start one with npm start`);
}
