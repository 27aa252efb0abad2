#!/usr/bin/env node
/** The command line of Weir. Each command lives in `commands/`; this file only lists them and reports failures. */
import { Command } from 'commander';
import { WeirError } from '../core/errors.ts';
import { backtestCommand } from './commands/backtest.ts';
import { checkpointCommand } from './commands/checkpoint.ts';
import { doctorCommand } from './commands/doctor.ts';
import { replayCommand } from './commands/replay.ts';
import { rulesCommand } from './commands/rules.ts';
import { startCommand } from './commands/start.ts';
import { tokenCommand } from './commands/token.ts';
import { verifyCommand } from './commands/verify.ts';
import { loadDotEnv } from './load-dot-env.ts';

loadDotEnv();

const program = new Command('weir')
  .description('A real-time decision engine for payment streams')
  .addCommand(startCommand())
  .addCommand(replayCommand())
  .addCommand(tokenCommand())
  .addCommand(rulesCommand())
  .addCommand(checkpointCommand())
  .addCommand(verifyCommand())
  .addCommand(backtestCommand())
  .addCommand(doctorCommand());

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`weir: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof WeirError) {
    for (const problem of error.problems) process.stderr.write(`  ${problem.pointer} ${problem.message}\n`);
  }
  process.exitCode = 1;
}
