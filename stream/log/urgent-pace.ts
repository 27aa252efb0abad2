/**
 * When entries that somebody waits for may go. With few of them, at once: what comes in the same turn shares a frame. With
 * many, what comes within the linger after the last frame shares the next one, since each frame costs every part behind
 * this one the same, whatever it holds.
 *
 *   idle ──begin──▶ lingering ──the last frame is `lingerMs` ago──▶ due ──sent──▶ idle
 */
export class UrgentPace {
  readonly #lingerMs: number;
  readonly #onDue: () => void;
  #state: 'idle' | 'lingering' | 'due' = 'idle';
  #sentAtMs = Number.NEGATIVE_INFINITY;

  constructor(lingerMs: number, onDue: () => void) {
    this.#lingerMs = lingerMs;
    this.#onDue = onDue;
  }

  get isDue(): boolean {
    return this.#state === 'due';
  }

  /** An entry waits: `onDue` is called in a later turn, unless it is about to be. */
  begin(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'lingering';
    const end = (): void => {
      this.#state = 'due';
      this.#onDue();
    };
    const leftMs = this.#sentAtMs + this.#lingerMs - performance.now();
    if (leftMs > 0) setTimeout(end, leftMs);
    else setImmediate(end);
  }

  /** Nothing that is due waits any more. */
  sent(): void {
    if (this.#state !== 'due') return;
    this.#state = 'idle';
    this.#sentAtMs = performance.now();
  }
}
