/**
 * Hashes for keys and digests. Not for secrets. `hashBytes` is MurmurHash3 (x86, 32 bit; Austin Appleby, public domain):
 * four bytes a step, well mixed, and identical on every machine.
 */

export function hashBytes(bytes: Uint8Array, seed: number, start = 0, end: number = bytes.length): number {
  let h = seed | 0;
  const bodyEnd = start + ((end - start) & ~3);
  for (let i = start; i < bodyEnd; i += 4) {
    const k =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    h ^= scramble(k);
    h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64;
  }
  let tail = 0;
  for (let i = end - 1; i >= bodyEnd; i--) tail = (tail << 8) | (bytes[i] as number);
  h ^= scramble(tail);
  return finalise(h ^ (end - start));
}

/** Hashes the UTF-16 units of a string; cheaper than encoding it first. */
export function hashString(text: string, seed: number): number {
  let h = seed | 0;
  for (let i = 0; i < text.length; i++) {
    h ^= scramble(text.charCodeAt(i));
    h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64;
  }
  return finalise(h ^ text.length);
}

/** Sixteen hex digits over the bytes: what a digest is printed and compared as. */
export function digestHex(bytes: Uint8Array): string {
  return hex(hashBytes(bytes, 0x57656972)) + hex(hashBytes(bytes, 0x72696557));
}

/** `hashString` of the text that these ASCII bytes are. */
export function hashAscii(bytes: Uint8Array, at: number, length: number, seed: number): number {
  let h = seed | 0;
  for (let i = at; i < at + length; i++) {
    h ^= scramble(bytes[i] as number);
    h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64;
  }
  return finalise(h ^ length);
}

function scramble(k: number): number {
  const mixed = Math.imul(k, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function finalise(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
