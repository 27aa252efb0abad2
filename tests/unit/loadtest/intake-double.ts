/**
 * A real HTTP server that takes events as ingest does and fails as it may: 503, 429, connections cut before and after
 * the batch was taken, and times when nothing listens. Deterministic by its seed. It keeps the first arrival of each id.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface IntakeDouble {
  readonly baseUrl: string;
  /** Events as they arrived, repetitions left out. */
  readonly events: Record<string, unknown>[];
  /** Arrivals that were repetitions. */
  repetitions: number;
  /** Most requests that were open at once. */
  openMax: number;
  faults: number;
  close(): Promise<void>;
}

export interface IntakeFaults {
  /** 0 to 1. */
  readonly rate: number;
  readonly seed: number;
  /** Adds times when the port does not answer at all. */
  readonly downtimes?: boolean;
  /** Remembers only counts, for large runs. */
  readonly onEvent?: (event: Record<string, unknown>) => void;
}

export async function startIntakeDouble(faults: IntakeFaults = { rate: 0, seed: 1 }): Promise<IntakeDouble> {
  let state = faults.seed >>> 0;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const seen = new Set<string>();
  let open = 0;
  let closed = false;
  let port = 0;

  const listener = createServer((request, response) => {
    open++;
    double.openMax = Math.max(double.openMax, open);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('close', () => {
      open--;
    });
    request.on('end', () => {
      const dice = random();
      const isFault = dice < faults.rate;
      if (isFault) double.faults++;
      const kind = Math.floor((dice / (faults.rate || 1)) * 5);
      if (isFault && kind === 0) return void response.writeHead(503, { 'retry-after': '0' }).end();
      if (isFault && kind === 1) return void response.writeHead(429, { 'retry-after': '0' }).end();
      if (isFault && kind === 2) return void request.socket.destroy();
      const lines = Buffer.concat(chunks).toString('utf8').split('\n');
      for (const line of lines) {
        const event = JSON.parse(line) as Record<string, unknown>;
        const id = `${String(event.source)}/${String(event.id)}`;
        if (seen.has(id)) double.repetitions++;
        else {
          seen.add(id);
          if (faults.onEvent === undefined) double.events.push(event);
          else faults.onEvent(event);
        }
      }
      // Taken, but the answer is lost: the sender must send it again.
      if (isFault && kind === 3) return void request.socket.destroy();
      if (isFault && kind === 4 && faults.downtimes === true) {
        request.socket.destroy();
        restart();
        return;
      }
      response.writeHead(202, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ accepted: lines.length, rejected: 0, errors: [] }));
    });
  });

  function restart(): void {
    listener.close();
    listener.closeAllConnections();
    setTimeout(() => {
      if (!closed) listener.listen(port, '127.0.0.1');
    }, 30);
  }

  const double: IntakeDouble = {
    baseUrl: '',
    events: [],
    repetitions: 0,
    openMax: 0,
    faults: 0,
    async close() {
      closed = true;
      listener.closeAllConnections();
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
  port = await listen(listener);
  return Object.assign(double, { baseUrl: `http://127.0.0.1:${port}` });
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
