/** Which fault comes when, from a seed: the same seed makes the same plan, though not the same run, since real parts keep no step. */
export const VICTIMS = ['processor', 'sink', 'edge', 'nats-server', 'clickhouse'] as const;
export type Victim = (typeof VICTIMS)[number];

export type PlannedFault = { readonly atMs: number } & (
  | { readonly kind: 'kill'; readonly victim: Victim }
  /** SIGSTOP, then SIGCONT. */
  | { readonly kind: 'pause'; readonly victim: Victim; readonly forMs: number }
  /** Every connection to the log server, at once. */
  | { readonly kind: 'cut' }
  /** The log's disk has no byte left. */
  | { readonly kind: 'full-disk'; readonly forMs: number }
  /** ClickHouse runs for a tenth of the time. */
  | { readonly kind: 'slow-store'; readonly forMs: number }
);

/** 105 kills in ten minutes would do; the rest is for those that find their victim dead already. */
const KILL_EVERY_MS = 4_500;
const OTHER_EVERY_MS = 9_000;
const FIRST_MS = 3_000;

export function planFaults(seed: number, spanMs: number): PlannedFault[] {
  const random = createRandom(seed);
  const pick = (): Victim => VICTIMS[Math.floor(random() * VICTIMS.length)] ?? 'processor';
  const plan: PlannedFault[] = [];
  for (let atMs = FIRST_MS; atMs < spanMs; atMs += KILL_EVERY_MS * (0.6 + random() * 0.8))
    plan.push({ atMs, kind: 'kill', victim: pick() });
  for (let atMs = FIRST_MS; atMs < spanMs; atMs += OTHER_EVERY_MS * (0.5 + random())) {
    const chance = random();
    if (chance < 0.45) plan.push({ atMs, kind: 'pause', victim: pick(), forMs: 200 + random() * 3_000 });
    else if (chance < 0.75) plan.push({ atMs, kind: 'cut' });
    else if (chance < 0.9) plan.push({ atMs, kind: 'slow-store', forMs: 1_000 + random() * 4_000 });
    else plan.push({ atMs, kind: 'full-disk', forMs: 300 + random() * 1_500 });
  }
  return plan.sort((a, b) => a.atMs - b.atMs);
}

/** Mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
