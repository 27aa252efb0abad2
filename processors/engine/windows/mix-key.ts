/** Hashes the four numbers that name a window's key; multiplications and shifts of MurmurHash3, spread over all bits. */
export function mixKey(series: number, keyA: number, keyB: number, keyC: number): number {
  let h = Math.imul(keyA ^ Math.imul(series, 0x9e37_79b1), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 15) ^ keyB, 0xc2b2_ae35);
  h = Math.imul(h ^ (h >>> 13) ^ Math.imul(keyC, 0x27d4_eb2f), 0x1656_67b1);
  return (h ^ (h >>> 16)) >>> 0;
}
