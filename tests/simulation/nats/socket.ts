/**
 * Simulated TCP: bytes arrive in order or not at all, each direction with its own seeded delay. A connection can be cut
 * (what is under way is lost), swallowed (nothing arrives, nobody is told), held up (everything arrives, but late) and
 * orphaned (its process was killed: a part of what it had written still arrives).
 */
import { EventEmitter } from 'node:events';
import type { Random } from '../world/random.ts';
import type { Owner, Scheduler } from '../world/scheduler.ts';

export interface ServerSide {
  receive(frame: Buffer): void;
  closed(): void;
}

/** The far end of a connection. */
export interface Listener {
  readonly owner: Owner;
  accept(connection: Connection): ServerSide;
}

export interface NetworkWeather {
  /** Usual delay of a frame, milliseconds. */
  latencyMs: number;
  /** Chance that a frame takes `spikeMs` more. */
  spikeChance: number;
  spikeMs: number;
}

class SimulatedSocket extends EventEmitter {
  destroyed = false;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    super();
    this.#connection = connection;
  }

  setNoDelay(): this {
    return this;
  }
  write(frame: Uint8Array, done?: () => void): boolean {
    if (!this.destroyed && frame.length > 0) this.#connection.fromClient(frame);
    if (done !== undefined) queueMicrotask(done);
    return true;
  }
  end(): this {
    return this.destroy();
  }
  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#connection.closedByClient();
    return this;
  }
}

export class Connection {
  readonly owner: Owner;
  readonly socket: SimulatedSocket;
  readonly #network: Network;
  readonly #listener: Listener;
  #side: ServerSide | undefined;
  #state: 'dialling' | 'open' | 'closed' = 'dialling';
  #swallows = false;
  #clientArrivesMs = 0;
  #serverArrivesMs = 0;
  #underWay = 0;
  /** Frames of a killed process that still arrive. */
  #stillArrive = Number.POSITIVE_INFINITY;

  constructor(network: Network, owner: Owner, listener: Listener) {
    this.#network = network;
    this.#listener = listener;
    this.owner = owner;
    this.socket = new SimulatedSocket(this);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  dial(onConnect: () => void): void {
    const { scheduler } = this.#network;
    const refuse = (): void => {
      scheduler.after(this.#network.delayMs(), this.owner, () => {
        if (this.socket.destroyed) return;
        this.#state = 'closed';
        const error = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
        this.socket.emit('error', error);
        this.socket.emit('close');
      });
    };
    if (!this.#listener.owner.alive) {
      refuse();
      return;
    }
    scheduler.after(this.#network.delayMs(), this.#listener.owner, () => {
      this.#state = 'open';
      this.#network.connections.add(this);
      this.#serverArrivesMs = scheduler.nowMs + this.#network.delayMs();
      scheduler.at(this.#serverArrivesMs, this.owner, onConnect);
      this.#side = this.#listener.accept(this);
    });
  }

  fromClient(bytes: Uint8Array): void {
    if (this.#state !== 'open') return;
    if (this.#swallows) {
      this.#network.count('bytes swallowed');
      return;
    }
    const frame = Buffer.from(bytes);
    const { scheduler } = this.#network;
    this.#clientArrivesMs = Math.max(this.#clientArrivesMs, scheduler.nowMs + this.#network.delayMs());
    this.#underWay++;
    scheduler.at(this.#clientArrivesMs, this.#listener.owner, () => {
      this.#underWay--;
      if (this.#state !== 'open') return;
      if (this.#stillArrive <= 0) return;
      this.#stillArrive--;
      this.#side?.receive(frame);
    });
  }

  toClient(frame: Buffer): void {
    if (this.#state !== 'open') return;
    if (this.#swallows) {
      this.#network.count('bytes swallowed');
      return;
    }
    const { scheduler } = this.#network;
    this.#serverArrivesMs = Math.max(this.#serverArrivesMs, scheduler.nowMs + this.#network.delayMs());
    scheduler.at(this.#serverArrivesMs, this.owner, () => {
      if (this.#state === 'open' && !this.socket.destroyed) this.socket.emit('data', frame);
    });
  }

  closedByClient(): void {
    if (this.#state !== 'open') return;
    const { scheduler } = this.#network;
    this.#clientArrivesMs = Math.max(this.#clientArrivesMs, scheduler.nowMs + this.#network.delayMs());
    scheduler.at(this.#clientArrivesMs, this.#listener.owner, () => this.#end());
  }

  /** Both ends learn of it soon; what is under way is lost. */
  cut(): void {
    if (this.#state !== 'open') return;
    const { scheduler } = this.#network;
    this.#end();
    scheduler.after(this.#network.delayMs(), this.owner, () => this.socket.emit('close'));
  }

  /** Loses everything for a while without telling anybody, then breaks. */
  swallow(forMs: number): void {
    if (this.#state !== 'open') return;
    this.#swallows = true;
    this.#network.scheduler.after(forMs, this.#network.world, () => this.cut());
  }

  /** What is sent from now on arrives late, and all of it: TCP through a gap in the network, after its writer's death too. */
  holdUp(forMs: number): void {
    const { nowMs } = this.#network.scheduler;
    this.#clientArrivesMs = Math.max(this.#clientArrivesMs, nowMs + forMs);
    this.#serverArrivesMs = Math.max(this.#serverArrivesMs, nowMs + forMs);
  }

  /** Its process was killed. */
  orphan(): void {
    if (this.#state !== 'open') return;
    this.#stillArrive = this.#network.random.below(this.#underWay + 1);
    if (this.#stillArrive < this.#underWay) this.#network.count('writes lost in a kill');
    this.closedByClient();
  }

  #end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closed';
    this.#network.connections.delete(this);
    this.#side?.closed();
  }
}

export class Network {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Owner of what happens to the network itself. */
  readonly world: Owner;
  readonly connections = new Set<Connection>();
  readonly weather: NetworkWeather;
  readonly count: (fault: string) => void;
  readonly #listeners = new Map<number, Listener>();

  constructor(
    scheduler: Scheduler,
    random: Random,
    world: Owner,
    weather: NetworkWeather,
    count: (fault: string) => void,
  ) {
    this.scheduler = scheduler;
    this.random = random;
    this.world = world;
    this.weather = weather;
    this.count = count;
  }

  listen(port: number, listener: Listener): void {
    this.#listeners.set(port, listener);
  }

  dial(owner: Owner, port: number, onConnect: () => void): SimulatedSocket {
    const listener = this.#listeners.get(port);
    if (listener === undefined) throw new Error(`nobody listens at port ${port} of the simulation`);
    const connection = new Connection(this, owner, listener);
    connection.dial(onConnect);
    return connection.socket;
  }

  delayMs(): number {
    const { latencyMs, spikeChance, spikeMs } = this.weather;
    const usual = latencyMs * (0.5 + this.random.unit());
    if (!this.random.chance(spikeChance)) return usual;
    this.count('latency spike');
    return usual + this.random.unit() * spikeMs;
  }
}
