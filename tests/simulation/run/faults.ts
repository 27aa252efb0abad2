/**
 * Which faults a run has and when. Each seed enables a random few kinds and strengthens them at random ("swarm testing"):
 * a run with everything at once would hardly ever get anywhere, and never to the rare states.
 */
import type { ServerTroubles } from '../nats/server.ts';
import type { Network } from '../nats/socket.ts';
import type { StoreTroubles } from '../store/simulated-store.ts';
import type { Part } from '../world/part.ts';
import type { Random } from '../world/random.ts';

/** What faults are done to. */
export interface Victims {
  readonly nowMs: () => number;
  readonly parts: readonly Part[];
  readonly network: Network;
  readonly server: ServerTroubles;
  readonly store: StoreTroubles;
  readonly count: (fault: string) => void;
  later(delayMs: number, run: () => void): void;
  killServer(downMs: number): void;
  pauseServer(forMs: number): void;
  killStore(downMs: number): void;
  pauseStore(forMs: number): void;
  dropViewer(random: Random): void;
  damageCheckpoint(random: Random): void;
}

type Fault = (v: Victims, random: Random) => void;

const FAULTS = {
  'kill part': (v, r) => r.pick(v.parts).kill(),
  'pause part': (v, r) => r.pick(v.parts).pause(r.between(50, 4_000)),
  'replace part asleep': (v, r) => r.pick(v.parts).replaceWhileAsleep(r.between(100, 3_000)),
  'stop processor': (v, r) => r.pick(processorsOf(v)).stop(),
  'clock jump': (v, r) => r.pick(processorsOf(v)).shiftClock(r.between(-3_600_000, 3_600_000)),
  'kill server': (v, r) => v.killServer(r.between(20, 1_500)),
  'stall server': (v, r) => v.pauseServer(r.between(50, 4_000)),
  'kill store': (v, r) => v.killStore(r.between(20, 1_500)),
  'stall store': (v, r) => v.pauseStore(r.between(50, 2_000)),
  'cut connections': (v, r) => {
    for (const connection of [...v.network.connections]) {
      if (!r.chance(0.5)) continue;
      v.count('connection cut');
      connection.cut();
    }
  },
  'swallow connections': (v, r) => {
    for (const connection of [...v.network.connections]) {
      if (!r.chance(0.4)) continue;
      v.count('connection swallowed');
      connection.swallow(r.between(100, 5_000));
    }
  },
  'hold up connections': (v, r) => {
    const owner = r.pick(processorsOf(v)).owner;
    for (const connection of v.network.connections) {
      if (!r.chance(connection.owner === owner ? 0.9 : 0.15)) continue;
      v.count('connection held up');
      connection.holdUp(r.between(100, 4_000));
    }
  },
  'outcomes stuck, then a kill': (v, r) => {
    v.server.onlyStream = 'OUTCOMES';
    const forMs = r.between(300, 2_500);
    if (r.chance(0.5)) v.server.noLeaderUntilMs = v.nowMs() + forMs;
    else v.server.fullUntilMs = v.nowMs() + forMs;
    const victim = r.pick(processorsOf(v));
    v.later(forMs * r.between(0.3, 1), () => victim.kill());
  },
  'no leader': (v, r) => {
    v.server.onlyStream = chooseStream(r);
    v.server.noLeaderUntilMs = v.nowMs() + r.between(20, 1_500);
  },
  'no responder': (v, r) => {
    v.server.onlyStream = chooseStream(r);
    v.server.noResponderUntilMs = v.nowMs() + r.between(20, 1_000);
  },
  'log full': (v, r) => {
    v.server.onlyStream = chooseStream(r);
    v.server.fullUntilMs = v.nowMs() + r.between(20, 1_500);
  },
  'lost acknowledgements': (v, r) => {
    v.server.lossUntilMs = v.nowMs() + r.between(50, 1_500);
    v.server.lostAckChance = r.between(0.05, 0.7);
    v.server.lostDeliveryChance = r.chance(0.5) ? r.between(0.02, 0.3) : 0;
  },
  'slow disk': (v, r) => {
    v.server.slowDiskUntilMs = v.nowMs() + r.between(50, 2_000);
    v.server.slowDiskMs = r.between(5, 400);
  },
  'store troubles': (v, r) => {
    v.store.untilMs = v.nowMs() + r.between(100, 2_500);
    v.store.chance = r.between(0.1, 0.8);
  },
  'slow store': (v, r) => {
    v.store.slowUntilMs = v.nowMs() + r.between(100, 2_000);
    v.store.slowMs = r.between(20, 800);
  },
  'viewer in a tunnel': (v, r) => v.dropViewer(r),
  'damaged checkpoint': (v, r) => v.damageCheckpoint(r),
} satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;
const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];

const processorsOf = (v: Victims): Part[] => v.parts.filter(({ name }) => name.startsWith('processor'));

const STREAM_NAMES = ['EVENTS', 'OUTCOMES', 'QUARANTINE', 'OBJ_weir-checkpoints', 'KV_weir-state'] as const;

/** Each stream of a cluster has a leader of its own. */
function chooseStream(random: Random): string | undefined {
  return random.chance(0.4) ? undefined : random.pick(STREAM_NAMES);
}

export interface PlannedFault {
  readonly atMs: number;
  readonly name: string;
  run(victims: Victims): void;
}

/** Nothing goes wrong after `spanMs`: then the world heals and must come to rest. `only` names the one kind to use. */
export function planFaults(random: Random, spanMs: number, only?: FaultName): PlannedFault[] {
  const names = only === undefined ? FAULT_NAMES.filter(() => random.chance(0.35)) : [only];
  if (names.length === 0 || random.chance(0.05)) return [];
  const planned: PlannedFault[] = [];
  for (let i = 1 + random.below(7); i > 0; i--) {
    const name = random.pick(names);
    const own = random.fork();
    planned.push({ atMs: random.between(0, spanMs), name, run: (victims) => FAULTS[name](victims, own) });
  }
  return planned.sort((a, b) => a.atMs - b.atMs);
}
