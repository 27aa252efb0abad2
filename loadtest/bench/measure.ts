/** Times a piece of work: warmed until the compiler is done with it, then the best of several rounds. */
const WARM_UP_MS = 300;
const ROUND_MS = 250;
const ROUNDS = 5;

/** Nanoseconds per item; `work` handles `items` of them and gives something that keeps it from being optimised away. */
export function measureNs(items: number, work: () => number): number {
  let sink = 0;
  const warmUntil = performance.now() + WARM_UP_MS;
  while (performance.now() < warmUntil) sink += work();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    let runs = 0;
    const start = performance.now();
    let now = start;
    while (now - start < ROUND_MS) {
      sink += work();
      runs++;
      now = performance.now();
    }
    best = Math.min(best, ((now - start) * 1e6) / (runs * items));
  }
  if (Number.isNaN(sink)) throw new Error('the work gave nothing');
  return Math.round(best * 10) / 10;
}
