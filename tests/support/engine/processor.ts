/** A processor against a real nats-server, and its log filled and read back: what the loop's tests compare. */
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { digestHex } from '../../../core/hash.ts';
import type { OutcomeFrame } from '../../../core/outcomes/outcome.ts';
import { decodeOutcomeFrame, OUTCOMES_OFFSET } from '../../../core/outcomes/outcome-codec.ts';
import { type ProcessorOptions, type RunningProcessor, runProcessor } from '../../../processors/run-processor.ts';
import type { StreamConnection } from '../../../stream/connection.ts';
import { STREAMS } from '../../../stream/topology.ts';
import { readAll } from '../stream/stream.ts';

const PROCESSOR_CONFIG: ProcessorOptions['config'] = {
  WEIR_CHECKPOINT_INTERVAL_MS: 100,
  WEIR_CHECKPOINT_EVENTS_MAX: 1_000_000,
  WEIR_CHECKPOINTS_KEPT: 3,
  WEIR_CHECKPOINT_COPY_BYTES_MAX: 1_073_741_824,
  WEIR_OUTCOMES_IN_FLIGHT_MAX: 16,
  // Not shorter: who cannot look often enough, on a busy machine, never counts a holder as silent.
  WEIR_LEASE_MS: 800,
};

export interface StartedProcessor extends RunningProcessor {
  readonly metrics: Registry;
  readonly id: string;
}

export async function startProcessor(
  connection: StreamConnection,
  config: Partial<ProcessorOptions['config']> = {},
  copyDirectory?: string,
): Promise<StartedProcessor> {
  const id = randomBytes(6).toString('hex');
  const metrics = new Registry();
  const running = await runProcessor({
    connection,
    config: { ...PROCESSOR_CONFIG, ...config },
    name: 'test',
    id,
    copyDirectory,
    log: pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' }),
    metrics,
    clock: { nowMs: () => 0 },
  });
  return Object.assign(Object.create(running, {}), { metrics, id });
}

/** Puts frames into EVENTS as they are, each acknowledged. */
export async function appendFrames(connection: StreamConnection, frames: readonly Uint8Array[]): Promise<void> {
  for (const frame of frames) await connection.jetstream.publish(STREAMS.EVENTS, frame);
}

export interface Answer {
  readonly inputSeq: number;
  readonly part: number;
  readonly final: boolean;
  readonly digest: string;
  readonly frame: OutcomeFrame;
}

/** Everything in OUTCOMES, in order. */
export async function readAnswers(connection: StreamConnection): Promise<Answer[]> {
  const answers: Answer[] = [];
  await readAll(connection, 'OUTCOMES', (_seq, bytes) => {
    const frame = decodeOutcomeFrame(bytes);
    const { inputSeq, part, final } = frame.head;
    answers.push({ inputSeq, part, final, digest: digestHex(bytes.subarray(OUTCOMES_OFFSET)), frame });
  });
  return answers;
}
