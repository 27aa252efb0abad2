/** A wire to a server that can be made deaf, cut and mended: what a broken network does, at the moment a test wants. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CutWire {
  /** Where to connect instead of at the server. */
  readonly url: string;
  /** From now on nothing that the server says arrives; what is said to it does. */
  deafen(): void;
  /** Breaks every connection and refuses new ones. */
  cut(): void;
  /** Takes connections again, and what the server says arrives. */
  mend(): void;
  stop(): Promise<void>;
}

/** @param serverUrl `nats://host:port` */
export async function cutWire(serverUrl: string): Promise<CutWire> {
  const { hostname, port } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let deaf = false;
  let refusing = false;
  const end = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const listener = createServer((near) => {
    if (refusing) {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => {
      if (!deaf) near.write(bytes);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    url: `nats://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    deafen() {
      deaf = true;
    },
    cut() {
      refusing = true;
      end();
    },
    mend() {
      deaf = false;
      refusing = false;
    },
    stop() {
      end();
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}
