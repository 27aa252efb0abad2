/** Names known beforehand, found by their bytes in JSON text: members of an object, or the values of an enumeration. */

const SLOTS = 64;
const NONE = 0xff;

export class NameTable {
  readonly #names: readonly Uint8Array[];
  /** First name of each slot, and after each name the next of the same slot; `NONE` ends a chain. */
  readonly #first = new Uint8Array(SLOTS).fill(NONE);
  readonly #next: Uint8Array;

  /** At most 255 names, of ASCII without anything that JSON escapes. */
  constructor(names: readonly string[]) {
    if (names.length > NONE) throw new RangeError(`a table holds at most ${NONE} names, not ${names.length}`);
    this.#names = names.map((name) => {
      if (!/^[\w.-]+$/.test(name)) throw new RangeError(`${JSON.stringify(name)} is no plain name`);
      return Buffer.from(name, 'latin1');
    });
    this.#next = new Uint8Array(names.length).fill(NONE);
    for (const [i, name] of this.#names.entries()) {
      const slot = slotOf(name, 0, name.length);
      this.#next[i] = this.#first[slot] as number;
      this.#first[slot] = i;
    }
  }

  /** The number of the name in `[start, end)`, in the order they were given; -1 if it is none of them. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (start === end) return -1;
    let i = this.#first[slotOf(bytes, start, end)] as number;
    while (i !== NONE && !isSame(this.#names[i] as Uint8Array, bytes, start, end)) i = this.#next[i] as number;
    return i === NONE ? -1 : i;
  }
}

/** By length, first and last byte: few of our names share all three. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  return (((end - start) << 2) ^ ((bytes[start] as number) * 3) ^ ((bytes[end - 1] as number) * 7)) & (SLOTS - 1);
}

function isSame(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return false;
  return true;
}
