/** `weir verify`: replays a range of the log and compares what comes of it with what was published. */
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import pino from 'pino';
import { parseConfig } from '../../core/config.ts';
import { verifyRange } from '../../processors/replay/verify-range.ts';
import { openCheckpointStore } from '../../stream/checkpoints/checkpoint-store.ts';
import { connectStream } from '../../stream/connection.ts';
import { type LogPlace, PLACE_FORMS, readPlace, resolveRange } from './log-range.ts';
import { findRunning } from './running.ts';

interface VerifyCommandOptions {
  readonly from?: LogPlace;
  readonly to?: LogPlace;
}

export function verifyCommand(): Command {
  return new Command('verify')
    .description('replay a range of the log from a checkpoint and compare every outcome with the published one')
    .option('--from <place>', `${PLACE_FORMS}: where to begin (default: the oldest)`, readPlace)
    .option('--to <place>', `${PLACE_FORMS}: last position, or end in time (default: the newest answered)`, readPlace)
    .action(verify);
}

async function verify(options: VerifyCommandOptions): Promise<void> {
  const config = parseConfig(process.env);
  const log = pino({ level: 'silent' });
  const connection = await connectStream({ ...findRunning(config).parts.nats, name: 'weir-verify', log });
  const bar = new SingleBar({ format: '{bar} position {value}/{total}', clearOnComplete: true });
  try {
    const { from, to } = await resolveRange(connection, options);
    bar.start(to, 0);
    const report = await verifyRange({
      connection,
      store: openCheckpointStore(connection, { kept: config.WEIR_CHECKPOINTS_KEPT }),
      from,
      to,
      log,
      onProgress: (position) => bar.update(position),
    });
    bar.stop();
    const replayed = `replayed from ${report.checkpoint === 0 ? 'the beginning' : `the checkpoint at ${report.checkpoint}`}`;
    if (report.difference === undefined) {
      process.stdout.write(
        `positions ${report.from} to ${report.to}: ${report.frames} frames, ${report.parts} outcome frames, ${replayed}, all as published; digest ${report.digest}\n`,
      );
      return;
    }
    const { position, part, message } = report.difference;
    process.stdout.write(`position ${position}, part ${part}: ${message} (${replayed})\n`);
    process.exitCode = 1;
  } finally {
    bar.stop();
    await connection.close();
  }
}
