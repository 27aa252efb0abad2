/**
 * The digest that runs are compared by: two 32-bit lanes over the outcome bytes, four bytes a step (a byte-wise hash took
 * 6 % of the engine's time). Not for secrets; equal digests mean equal outcomes for all that chance can do.
 */
import { hashBytes } from '../../../core/hash.ts';

export type Digest = [a: number, b: number];

/** Folds `bytes` from `start` on into `digest`. */
export function foldDigest(digest: Digest, bytes: Uint8Array, start: number): void {
  let a = (digest[0] ^ bytes.length) | 0;
  let b = Math.imul(digest[1] + bytes.length, 0x9e37_79b1) | 0;
  const at = bytes.byteOffset + start;
  const words = (bytes.length - start) >>> 2;
  if (at % 4 === 0) {
    const view = new Uint32Array(bytes.buffer, at, words);
    for (let i = 0; i < words; i++) {
      const word = view[i] as number;
      a = Math.imul(a ^ word, 0x85eb_ca6b);
      a ^= a >>> 15;
      b = Math.imul(b + word, 0xc2b2_ae35);
      b ^= b >>> 13;
    }
  } else {
    const view = new DataView(bytes.buffer, at, words * 4);
    for (let i = 0; i < words; i++) {
      const word = view.getUint32(i * 4, true);
      a = Math.imul(a ^ word, 0x85eb_ca6b);
      a ^= a >>> 15;
      b = Math.imul(b + word, 0xc2b2_ae35);
      b ^= b >>> 13;
    }
  }
  digest[0] = hashBytes(bytes, a, start + words * 4);
  digest[1] = hashBytes(bytes, b, start + words * 4);
}

/** Chains the digest of a frame to those before it. */
export function chainDigest(digest: Digest, frame: Digest): void {
  digest[0] = Math.imul(digest[0] ^ frame[0], 0x85eb_ca6b) ^ (digest[0] >>> 15);
  digest[1] = Math.imul(digest[1] + frame[1], 0xc2b2_ae35) ^ (digest[1] >>> 13);
}

export function digestText(digest: Digest): string {
  return digest.map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
}
