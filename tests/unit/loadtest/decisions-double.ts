/**
 * A real HTTP server that answers `POST /v1/decisions`. What it does with a request follows from the number at the end of the
 * event's id, as the load driver counts them.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Type from 'typebox';
import Value from 'typebox/value';

type Behaviour = 'decide' | 'degrade' | 'refuse' | 'cut';

export interface DecisionsDouble {
  readonly url: string;
  /** Numbers of the requests, as they arrived. */
  readonly asked: number[];
  close(): Promise<void>;
}

const Event = Type.Object({ id: Type.String() });

/** `behave` is called once for each request. Closing cuts what is open. */
export async function startDecisionsDouble(behave: (index: number) => Behaviour): Promise<DecisionsDouble> {
  const asked: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const event: unknown = JSON.parse(Buffer.concat(chunks).toString());
      const index = Value.Check(Event, event) ? Number(event.id.split('-').at(-1)) : Number.NaN;
      asked.push(index);
      const behaviour = behave(index);
      if (behaviour === 'cut') return void request.socket.destroy();
      response.writeHead(behaviour === 'refuse' ? 503 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ outcome: 'approve', degraded: behaviour === 'degrade' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
