/** Up to here a loop beats the view that `set` needs. */
const LOOP_MAX = 32;

/** Copies `length` bytes of `from` from `start` on to `target` at `at`: ids and short texts, which are most, without a view. */
export function copyBytes(target: Uint8Array, at: number, from: Uint8Array, start: number, length: number): void {
  if (length > LOOP_MAX) target.set(from.subarray(start, start + length), at);
  else for (let i = 0; i < length; i++) target[at + i] = from[start + i] as number;
}
