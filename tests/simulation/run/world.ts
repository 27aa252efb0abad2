/** One whole simulated Weir: log server, store, network, the three parts and the people outside, from one seed. */
import { pino } from 'pino';
import type { Registry } from 'prom-client';
import { splitFrame } from '../../../core/codec/frame.ts';
import type { RunningProcessor } from '../../../processors/run-processor.ts';
import { ensureTopology } from '../../../stream/topology.ts';
import { type Disk, noTroubles, SimulatedServer } from '../nats/server.ts';
import { Network } from '../nats/socket.ts';
import type { StreamDefects } from '../nats/stream.ts';
import { type ClientWorld, startViewer, type Viewer } from '../parts/clients.ts';
import { type Edge, edgeMain } from '../parts/edge.ts';
import { type ImportProgress, importerMain, type PlannedImport } from '../parts/importer.ts';
import { processorMain } from '../parts/processor.ts';
import { sinkMain } from '../parts/sink.ts';
import { connectPart, NATS_PORT, type PartSurroundings } from '../parts/surroundings.ts';
import { SimulatedClickHouse } from '../store/simulated-store.ts';
import { SimulatedTables, type StoreDefects } from '../store/simulated-tables.ts';
import { Part, type PartOptions } from '../world/part.ts';
import type { Random } from '../world/random.ts';
import { type Owner, Scheduler } from '../world/scheduler.ts';
import { installWorld, wallClockMs } from '../world/virtual-globals.ts';
import { chooseConfig, chooseSinkLimits } from './choose-config.ts';
import type { Victims } from './faults.ts';
import { CUSTOMERS } from './workload.ts';

/** Guarantees that a test takes away, to see whether the checks notice. */
export interface Defects {
  readonly log?: StreamDefects;
  readonly store?: StoreDefects;
}

/** First byte of an encoded tick. */
const TICK_KIND = 2;
const TWO_PROCESSORS_CHANCE = 0.6;
/** Under one supervisor, as it were, which tells each of the other's end; elsewhere only a successor knows. */
const TOLD_OF_ENDS_CHANCE = 0.5;
const TOLD_AFTER_MS = 1;
const TWO_SINKS_CHANCE = 0.5;
const CHECKPOINT_STREAM = 'OBJ_weir-checkpoints';

export class World {
  readonly scheduler = new Scheduler();
  readonly coverage = new Map<string, number>();
  readonly disk: Disk;
  readonly tables: SimulatedTables;
  readonly network: Network;
  readonly troubles = noTroubles();
  readonly clickHouse: SimulatedClickHouse;
  readonly parts: readonly Part[];
  readonly viewers: Viewer[] = [];
  /** Of the rules that replace the first ones. */
  readonly imported: ImportProgress = { mayBegin: false, isLive: false };
  readonly outside: Owner;
  readonly clients: ClientWorld;
  readonly #random: Random;
  readonly #storeTroubles = { untilMs: 0, chance: 0, slowUntilMs: 0, slowMs: 0 };
  readonly #remove: () => void;
  #scannedSeq = 0;
  #questionSeq = 0;
  #server: SimulatedServer;
  /** Gateways that serve, by their process: one that was replaced in its sleep may still wake up. */
  readonly #edges = new Map<Owner, Edge>();
  readonly #processors: { readonly owner: Owner; readonly running: RunningProcessor; readonly metrics: Registry }[] =
    [];
  #leaders = 0;

  constructor(random: Random, next: PlannedImport | undefined, defects: Defects = {}) {
    const { scheduler } = this;
    this.#random = random;
    this.outside = scheduler.createOwner('outside');
    this.disk = { streams: new Map(), defects: defects.log ?? {} };
    this.tables = new SimulatedTables(defects.store ?? {});
    this.network = new Network(
      scheduler,
      random.fork(),
      this.outside,
      {
        latencyMs: random.between(0.05, 2),
        spikeChance: random.chance(0.3) ? random.between(0, 0.05) : 0,
        spikeMs: random.between(5, 200),
      },
      this.count,
    );
    this.#server = this.#createServer();
    this.clickHouse = new SimulatedClickHouse({
      scheduler,
      random: random.fork(),
      tables: this.tables,
      troubles: this.#storeTroubles,
      count: this.count,
    });
    const surroundings: PartSurroundings = {
      config: chooseConfig(random),
      log: pino({ level: process.env.SIMULATION_LOG ?? 'silent' }),
      clock: { nowMs: () => wallClockMs(scheduler) },
      openStore: (caller) => this.clickHouse.open(caller),
    };
    const part = { scheduler, network: this.network, random: random.fork(), count: this.count };
    const onEnd = random.chance(TOLD_OF_ENDS_CHANCE) ? this.#tellOfEnd : undefined;
    const processor = (name: string): Part =>
      new Part(name, { ...part, ...(onEnd && { onEnd }) }, processorMain(surroundings, name, this.#watchProcessor));
    const sink = (name: string): Part => new Part(name, part, sinkMain(surroundings, chooseSinkLimits(random)));
    this.parts = [
      processor('processor'),
      ...(random.chance(TWO_PROCESSORS_CHANCE) ? [processor('processor-2')] : []),
      sink('sink'),
      ...(random.chance(TWO_SINKS_CHANCE) ? [sink('sink-2')] : []),
      new Part(
        'edge',
        part,
        edgeMain(surroundings, scheduler, (edge) => void this.#edges.set(edge.life.owner, edge)),
      ),
      ...(next === undefined ? [] : [this.#createImporter(next, surroundings, part)]),
    ];
    this.clients = {
      scheduler,
      random: random.fork(),
      count: this.count,
      edge: () => this.edge,
      delayMs: () => this.network.delayMs(),
    };
    this.#remove = installWorld(scheduler, random.fork(), (owner, port, onConnect) =>
      this.network.dial(owner, port, onConnect),
    );
    this.#setUp(surroundings);
  }

  /** The gateway that clients reach now. */
  get edge(): Edge | undefined {
    const owner = this.parts.find(({ name }) => name === 'edge')?.owner;
    return owner === undefined ? undefined : this.#edges.get(owner);
  }

  /** Which processes believe to lead: never two at one moment, whatever was asleep or cut off. */
  leaders(): string[] {
    const found: string[] = [];
    for (const { owner, running } of this.#processors) if (owner.alive && running.isLeading) found.push(owner.name);
    return found;
  }

  /** Outcomes that a processor found to be others than its own engine's. */
  async differences(): Promise<number> {
    let sum = 0;
    for (const { metrics } of this.#processors) sum += await metricOf(metrics, 'replay_mismatches_total');
    return sum;
  }

  readonly #watchProcessor: Parameters<typeof processorMain>[2] = ({ owner }, running, metrics) => {
    this.#processors.push({ owner, running, metrics });
    void running.whenLeading.then(async () => {
      const hasFollowed = (await metricOf(metrics, 'standby_compared_parts_total')) > 0;
      if (this.#leaders++ > 0) this.count(hasFollowed ? 'standby took over' : 'processor leads again');
    });
  };

  #createImporter(next: PlannedImport, surroundings: PartSurroundings, part: PartOptions): Part {
    let { killedAfterMs } = next;
    const importer: Part = new Part(
      'importer',
      part,
      importerMain(surroundings, this.scheduler, next, this.imported, () => {
        if (killedAfterMs !== undefined) this.scheduler.after(killedAfterMs, this.outside, () => importer.kill());
        killedAfterMs = undefined;
      }),
    );
    return importer;
  }

  readonly #tellOfEnd = (id: string): void => {
    for (const { owner, running } of this.#processors)
      if (owner.alive) this.scheduler.after(TOLD_AFTER_MS, owner, () => running.markEnded([id]));
  };

  readonly count = (fault: string): void => {
    this.coverage.set(fault, (this.coverage.get(fault) ?? 0) + 1);
  };

  get victims(): Victims {
    const { scheduler, count } = this;
    return {
      nowMs: () => scheduler.nowMs,
      parts: this.parts,
      network: this.network,
      server: this.troubles,
      store: this.#storeTroubles,
      count,
      later: (delayMs, run) => void scheduler.after(delayMs, this.outside, run),
      killServer: (downMs) => {
        count('server killed');
        this.#server.kill();
        scheduler.after(downMs, this.outside, () => {
          if (!this.#server.owner.alive) this.#server = this.#createServer();
        });
      },
      pauseServer: (forMs) => {
        count('server stalled');
        this.#server.owner.pausedUntilMs = scheduler.nowMs + forMs;
      },
      killStore: (downMs) => {
        count('store killed');
        this.clickHouse.kill();
        scheduler.after(downMs, this.outside, () => {
          if (!this.clickHouse.isUp) this.clickHouse.restart();
        });
      },
      pauseStore: (forMs) => {
        count('store stalled');
        this.clickHouse.owner.pausedUntilMs = scheduler.nowMs + forMs;
      },
      dropViewer: (random) => {
        if (this.viewers.length === 0) return;
        count('viewer dropped');
        random.pick(this.viewers).drop();
      },
      damageCheckpoint: (random) => this.#damageCheckpoint(random),
    };
  }

  /** Newest position of EVENTS with more in it than a tick: what must have an answer. */
  lastQuestionSeq(): number {
    const stream = this.disk.streams.get('EVENTS');
    if (stream === undefined) return 0;
    for (; this.#scannedSeq < stream.lastSeq; this.#scannedSeq++) {
      const message = stream.messages.get(this.#scannedSeq + 1);
      const isQuestion = message !== undefined && splitFrame(message.payload).some((item) => item[0] !== TICK_KIND);
      if (isQuestion) this.#questionSeq = this.#scannedSeq + 1;
    }
    return this.#questionSeq;
  }

  /** No more faults from here on; what is under way still comes to its end. */
  heal(): void {
    Object.assign(this.troubles, noTroubles());
    Object.assign(this.#storeTroubles, { untilMs: 0, slowUntilMs: 0 });
    this.network.weather.spikeChance = 0;
  }

  remove(): void {
    this.#remove();
  }

  #createServer(): SimulatedServer {
    const server = new SimulatedServer({
      scheduler: this.scheduler,
      random: this.#random.fork(),
      disk: this.disk,
      troubles: this.troubles,
      count: this.count,
    });
    this.network.listen(NATS_PORT, server);
    return server;
  }

  /** Creates the streams as `weir start` does, then starts the parts and the people. */
  #setUp(surroundings: PartSurroundings): void {
    const { scheduler } = this;
    const setUp = scheduler.createOwner('set-up');
    const run = async (): Promise<void> => {
      const connection = await connectPart(surroundings, 'set-up');
      await ensureTopology(connection, surroundings.config);
      await connection.close();
      for (const part of this.parts) part.start();
      for (const customer of CUSTOMERS) this.viewers.push(startViewer(this.clients, 'app', customer, 'offers'));
      this.viewers.push(startViewer(this.clients, 'analyst', 'desk', 'alerts'));
    };
    scheduler.after(0, setUp, () => void run().catch((error: unknown) => scheduler.fail(error)));
  }

  /** Changes a byte of a stored chunk, or takes a chunk away. */
  #damageCheckpoint(random: Random): void {
    const stream = this.disk.streams.get(CHECKPOINT_STREAM);
    const chunks = [...(stream?.messages.values() ?? [])].filter(({ subject }) => subject.includes('.C.'));
    const chunk = chunks.at(-1);
    if (stream === undefined || chunk === undefined || chunk.payload.length === 0) return;
    this.count('checkpoint damaged');
    if (random.chance(0.3)) {
      stream.messages.delete(chunk.seq);
      return;
    }
    const payload = Buffer.from(chunk.payload);
    const at = random.below(payload.length);
    payload[at] = (payload[at] ?? 0) ^ (1 << random.below(8));
    stream.messages.set(chunk.seq, { ...chunk, payload });
  }
}

async function metricOf(metrics: Registry, name: string): Promise<number> {
  return (await metrics.getSingleMetric(`weir_processor_${name}`)?.get())?.values[0]?.value ?? 0;
}
