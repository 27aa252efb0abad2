/** Reads `.env` of the working directory where there is one; what the environment already says wins. */
import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';

export function loadDotEnv(): void {
  if (existsSync('.env')) loadEnvFile('.env');
}
