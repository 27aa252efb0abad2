/**
 * The devices and card issuers that one customer was seen with, as entities, newest first, in one small block that grows
 * with what was seen: most customers have one or two of each. The first half holds both numbers and the size.
 */
import { DEVICES_KNOWN_MAX, ISSUERS_KNOWN_MAX } from '../limits.ts';
import type { MemoryReport } from '../memory/memory-report.ts';
import type { Slab } from '../memory/slab.ts';

const WORDS_AT_START = 2;
const WORDS_MAX = Math.ceil((1 + DEVICES_KNOWN_MAX + ISSUERS_KNOWN_MAX) / 2);
const BYTE = 0xff;

export type SeenKind = 'device' | 'issuer';

/** `base` is 0 where nothing was seen yet. An entity that is 0 is not interned: nobody has seen it. */
export function hasSeen(slab: Slab, base: number, kind: SeenKind, entity: number): boolean {
  if (base === 0 || entity === 0) return false;
  const { halves } = slab;
  const head = halves[base * 2] as number;
  const from = base * 2 + 1 + (kind === 'device' ? 0 : head & BYTE);
  const count = kind === 'device' ? head & BYTE : (head >>> 8) & BYTE;
  for (let at = from; at < from + count; at++) if (halves[at] === entity) return true;
  return false;
}

/** Puts an entity first unless it was seen before; past the bound the oldest falls off. Returns the block's new base. */
export function addSeen(slab: Slab, base: number, kind: SeenKind, entity: number): number {
  if (hasSeen(slab, base, kind, entity)) return base;
  const devices = listSeen(slab, base, 'device');
  const issuers = listSeen(slab, base, 'issuer');
  if (kind === 'device') devices.unshift(entity);
  else issuers.unshift(entity);
  return writeSeen(slab, base, devices, issuers);
}

export function listSeen(slab: Slab, base: number, kind: SeenKind): number[] {
  if (base === 0) return [];
  const head = slab.halves[base * 2] as number;
  const from = base * 2 + 1 + (kind === 'device' ? 0 : head & BYTE);
  const count = kind === 'device' ? head & BYTE : (head >>> 8) & BYTE;
  return Array.from(slab.halves.subarray(from, from + count));
}

/** Replaces both lists, newest first, cut to their bounds. Returns the block's new base. */
export function writeSeen(slab: Slab, base: number, devices: readonly number[], issuers: readonly number[]): number {
  const keptDevices = devices.slice(0, DEVICES_KNOWN_MAX);
  const keptIssuers = issuers.slice(0, ISSUERS_KNOWN_MAX);
  const needed = 1 + keptDevices.length + keptIssuers.length;
  let words = base === 0 ? WORDS_AT_START : (slab.halves[base * 2] as number) >>> 16;
  let block = base;
  if (base === 0 || needed > words * 2) {
    if (base !== 0) slab.release(base, words);
    while (words * 2 < needed) words = Math.min(WORDS_MAX, words + Math.ceil(words / 2));
    block = slab.allocate(words);
  }
  slab.touch(block, words);
  const { halves } = slab;
  halves[block * 2] = keptDevices.length | (keptIssuers.length << 8) | (words << 16);
  halves.set(keptDevices, block * 2 + 1);
  halves.set(keptIssuers, block * 2 + 1 + keptDevices.length);
  return block;
}

export function measureSeen(slab: Slab, base: number, report: MemoryReport): void {
  if (base === 0) return;
  const head = slab.halves[base * 2] as number;
  const halves = 1 + (head & BYTE) + ((head >>> 8) & BYTE);
  report.addBlock('devices and issuers seen', head >>> 16, halves / 2);
}

export function releaseSeen(slab: Slab, base: number): void {
  if (base !== 0) slab.release(base, (slab.halves[base * 2] as number) >>> 16);
}
