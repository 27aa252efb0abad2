/**
 * Logs of a process. On a laptop they go to a file per process below the data directory, bounded in size, and errors to
 * the terminal as well; in production everything goes to standard output as JSON lines, for the platform to collect.
 */
import { mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import type { Config } from '../core/config.ts';

const LOG_FILE_BYTES_MAX = 16 * 1_048_576;
const SIZE_CHECK_INTERVAL_MS = 60_000;

export function createLogger(config: Config, name: string): Logger {
  const options = { name, level: config.LOG_LEVEL, base: { pid: process.pid } };
  if (config.NODE_ENV === 'production') return pino(options);
  const folder = join(config.WEIR_DATA_DIR, 'logs');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.log`);
  rotate(path);
  const file = pino.destination({ dest: path, sync: false });
  setInterval(() => {
    if (rotate(path)) file.reopen();
  }, SIZE_CHECK_INTERVAL_MS).unref();
  return pino(
    options,
    pino.multistream([
      { stream: file, level: config.LOG_LEVEL === 'silent' ? 'fatal' : config.LOG_LEVEL },
      { stream: process.stderr, level: 'error' },
    ]),
  );
}

/** Keeps one older file; true if the current one was moved away. */
function rotate(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.size < LOG_FILE_BYTES_MAX) return false;
  renameSync(path, `${path}.1`);
  return true;
}
