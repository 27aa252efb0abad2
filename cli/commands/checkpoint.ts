/** `weir checkpoint`: what the processor has saved, newest first. */
import { Command } from 'commander';
import pino from 'pino';
import { parseConfig } from '../../core/config.ts';
import { openCheckpointStore } from '../../stream/checkpoints/checkpoint-store.ts';
import { connectStream } from '../../stream/connection.ts';
import { findRunning } from './running.ts';

export function checkpointCommand(): Command {
  return new Command('checkpoint').description('list the checkpoints of the engine').action(list);
}

async function list(): Promise<void> {
  const config = parseConfig(process.env);
  const log = pino({ level: 'silent' });
  const connection = await connectStream({ ...findRunning(config).parts.nats, name: 'weir-cli', log });
  try {
    const store = await openCheckpointStore(connection, { kept: config.WEIR_CHECKPOINTS_KEPT });
    const checkpoints = await store.list();
    if (checkpoints.length === 0) process.stdout.write('no checkpoint yet\n');
    for (const { name, position, bytes, createdMs } of checkpoints) {
      process.stdout.write(`${name}  position ${position}  ${bytes} bytes  ${new Date(createdMs).toISOString()}\n`);
    }
  } finally {
    await connection.close();
  }
}
