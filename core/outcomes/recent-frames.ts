/** The newest outcome frames by the input position that they answer, as bytes; the oldest makes room. */
export interface RecentFramesLimits {
  readonly framesMax: number;
  readonly bytesMax: number;
}

/** A ring in order of positions: a Map from which the oldest is deleted walks over what it deleted before. */
export class RecentFrames {
  readonly #limits: RecentFramesLimits;
  readonly #positions: number[];
  readonly #parts: (readonly Uint8Array[])[];
  #first = 0;
  #count = 0;
  #bytes = 0;

  constructor(limits: RecentFramesLimits) {
    this.#limits = limits;
    this.#positions = new Array<number>(limits.framesMax).fill(0);
    this.#parts = new Array<readonly Uint8Array[]>(limits.framesMax).fill([]);
  }

  /** The parts that answer a position, which is above all before it. Throws a `RangeError` where it is not. */
  add(position: number, parts: readonly Uint8Array[]): void {
    if (this.#count > 0 && position <= this.#positionAt(this.#count - 1))
      throw new RangeError(`position ${position} comes after ${this.#positionAt(this.#count - 1)}`);
    if (this.#count === this.#limits.framesMax) this.#dropOldest();
    const slot = (this.#first + this.#count) % this.#limits.framesMax;
    this.#positions[slot] = position;
    this.#parts[slot] = parts;
    this.#count++;
    this.#bytes += bytesOf(parts);
    while (this.#bytes > this.#limits.bytesMax) this.#dropOldest();
  }

  /** Undefined where there were none, or where they are forgotten. */
  partsAt(position: number): readonly Uint8Array[] | undefined {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#positionAt(middle) < position) low = middle + 1;
      else high = middle;
    }
    return low < this.#count && this.#positionAt(low) === position ? this.#partsIn(low) : undefined;
  }

  /** From the newest backwards. */
  *newestFirst(): Generator<{ readonly position: number; readonly parts: readonly Uint8Array[] }, void, undefined> {
    for (let i = this.#count - 1; i >= 0; i--) yield { position: this.#positionAt(i), parts: this.#partsIn(i) };
  }

  clear(): void {
    while (this.#count > 0) this.#dropOldest();
  }

  #positionAt(i: number): number {
    return this.#positions[(this.#first + i) % this.#limits.framesMax] as number;
  }

  #partsIn(i: number): readonly Uint8Array[] {
    return this.#parts[(this.#first + i) % this.#limits.framesMax] as readonly Uint8Array[];
  }

  #dropOldest(): void {
    this.#bytes -= bytesOf(this.#partsIn(0));
    this.#parts[this.#first] = [];
    this.#first = (this.#first + 1) % this.#limits.framesMax;
    this.#count--;
  }
}

function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
