/** The intake with everything real around it: a nats-server of its own, the appender, the HTTP server that api/ builds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { authorize } from '../../../api/authorize.ts';
import { createHttpServer } from '../../../api/http-server.ts';
import { createTokenAuthority, type Role } from '../../../api/token-authority.ts';
import { decodeEntry } from '../../../core/codec/entry.ts';
import { splitFrame } from '../../../core/codec/frame.ts';
import { decodeQuarantineRecord, type QuarantineRecord } from '../../../core/codec/quarantine-record.ts';
import { parseConfig } from '../../../core/config.ts';
import type { WeirEvent } from '../../../core/events/event.ts';
import { registerIngestRoutes } from '../../../ingest/http-routes.ts';
import { serveIntake } from '../../../ingest/nats-intake.ts';
import { connectStream, type StreamConnection } from '../../../stream/connection.ts';
import { type NatsServer, startNatsServer } from '../../../stream/embedded/nats-server.ts';
import { createEventAppender } from '../../../stream/log/event-appender.ts';
import { logState, readLog } from '../../../stream/log/log-reader.ts';
import { createQuarantinePublisher } from '../../../stream/log/quarantine.ts';
import { ensureTopology, type StreamName } from '../../../stream/topology.ts';

export interface Receipt {
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: readonly { index: number; id: string | null; code: string; pointer: string; message: string }[];
  readonly code?: string;
  readonly status?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Receipt;
}

export async function startIntake(env: Record<string, string> = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'weir-ingest-'));
  const config = parseConfig({ WEIR_LOG_BYTES_MAX: String(4_096 * 1_048_576), ...env });
  const log = pino({ level: 'silent' });
  const metrics = new Registry();
  const access = { user: 'weir', password: 'a password for a test' };
  let nats: NatsServer = await startNatsServer({ dataDir, ...access, log });
  const connection: StreamConnection = await connectStream({ url: nats.url, ...access, name: 'ingest-test', log });
  await ensureTopology(connection, config);
  const appender = createEventAppender(connection, { limits: config, log, metrics });
  const quarantine = createQuarantinePublisher(connection);
  const auth = createTokenAuthority('a secret of more than thirty-two characters');
  const backlog = { framesBehind: 0 };
  const app = await createHttpServer({ config, log, metrics, auth });
  const options = {
    appender,
    quarantine,
    config,
    log,
    metrics,
    clock: { nowMs: () => Date.now() },
    backlog: () => backlog,
  };
  registerIngestRoutes(app, { ...options, authorize });
  const intake = serveIntake(connection, options);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const token = (role: Role) => auth.sign({ role, sub: `test-${role}`, ttlSeconds: 600 });
  const bearer = token('ingest');

  async function* readAll(stream: StreamName): AsyncGenerator<Uint8Array> {
    const { lastSeq, messages } = await logState(connection, stream);
    if (messages === 0) return;
    for await (const { seq, bytes } of readLog(connection, stream, {
      fromSeq: 1,
      signal: AbortSignal.timeout(60_000),
    })) {
      yield bytes;
      if (seq >= lastSeq) return;
    }
  }

  return {
    app,
    url,
    config,
    metrics,
    connection,
    backlog,
    token,
    async post(body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
      const response = await fetch(`${url}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', ...headers },
        body,
      });
      return { status: response.status, headers: response.headers, body: (await response.json()) as Receipt };
    },
    async ask(body: string | Uint8Array): Promise<Receipt> {
      const reply = await connection.request('weir.intake.events', Buffer.from(body as Uint8Array), 10_000);
      return JSON.parse(Buffer.from(reply).toString()) as Receipt;
    },
    /** Every event in the log, in its order. */
    async events(): Promise<WeirEvent[]> {
      const events: WeirEvent[] = [];
      for await (const frame of readAll('EVENTS')) {
        for (const item of splitFrame(frame)) {
          const entry = decodeEntry(item);
          if (entry.kind === 'event') events.push(entry.event);
        }
      }
      return events;
    },
    async quarantined(): Promise<Required<QuarantineRecord>[]> {
      const records: Required<QuarantineRecord>[] = [];
      for await (const bytes of readAll('QUARANTINE')) records.push(decodeQuarantineRecord(bytes));
      return records;
    },
    async killNats(): Promise<void> {
      process.kill(nats.pid, 'SIGKILL');
      await nats.exited;
    },
    async restartNats(): Promise<void> {
      nats = await startNatsServer({ dataDir, port: nats.port, ...access, log });
    },
    async stop(): Promise<void> {
      intake.stop();
      await app.close();
      await appender.close();
      quarantine.close();
      await connection.close();
      await nats.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export type IntakeUnderTest = Awaited<ReturnType<typeof startIntake>>;

let count = 0;
/** A valid transaction with an id of its own. */
export function transaction(data: Record<string, unknown> = {}, envelope: Record<string, unknown> = {}) {
  return {
    type: 'transaction',
    id: `t-${++count}`,
    source: 'pos-gw',
    time: '2026-11-20T08:15:30.123+08:00',
    subject: 'c-42',
    ...envelope,
    data: { amount: 12_500, currency: 'CNY', merchant: { id: 'm-7', name: '超市' }, ...data },
  };
}
