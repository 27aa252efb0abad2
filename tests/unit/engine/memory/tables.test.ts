import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashIndex } from '../../../../processors/engine/memory/hash-index.ts';
import { RecordTable } from '../../../../processors/engine/memory/record-table.ts';
import { Slab } from '../../../../processors/engine/memory/slab.ts';

function idsOf(index: HashIndex, hash: number): number[] {
  const shard = index.shardOf(hash);
  const mask = (shard.length >>> 1) - 1;
  const ids: number[] = [];
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const id = shard[2 * slot + 1] as number;
    if (id === 0) return ids.sort((a, b) => a - b);
    if (shard[2 * slot] === hash) ids.push(id);
  }
}

describe('the hash index', () => {
  it('finds every record that was added and not removed, by any hash', () => {
    // Few hashes, all of one shard and of neighbouring slots: collisions and removals meet all the time.
    const hash = fc.integer({ min: 0, max: 23 });
    const steps = fc.array(fc.tuple(fc.boolean(), hash), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (list) => {
        const index = new HashIndex();
        const model = new Map<number, number[]>();
        let next = 0;
        for (const [isAdded, at] of list) {
          const ids = model.get(at) ?? [];
          if (isAdded) {
            index.add(at, ++next);
            model.set(at, [...ids, next]);
          } else if (ids[0] !== undefined) {
            index.remove(at, ids[0]);
            model.set(at, ids.slice(1));
          }
        }
        for (let at = 0; at < 24; at++) expect(idsOf(index, at)).toEqual(model.get(at) ?? []);
        expect(index.count).toBe([...model.values()].flat().length);
      }),
      { numRuns: 200 },
    );
  });

  it('holds many records over all shards', () => {
    const index = new HashIndex();
    for (let id = 1; id <= 50_000; id++) index.add(Math.imul(id, 0x9e37_79b1) >>> 0, id);
    for (let id = 1; id <= 50_000; id += 77) expect(idsOf(index, Math.imul(id, 0x9e37_79b1) >>> 0)).toEqual([id]);
  });

  it.each([0, 20_000, 50_000, 200_000])('made for %i records holds 50,000 as well', (records) => {
    const index = new HashIndex(records);
    const { bytes } = index;
    for (let id = 1; id <= 50_000; id++) index.add(Math.imul(id, 0x9e37_79b1) >>> 0, id);
    for (let id = 1; id <= 50_000; id += 77) expect(idsOf(index, Math.imul(id, 0x9e37_79b1) >>> 0)).toEqual([id]);
    // It grows only where it was made for fewer.
    if (records < 50_000) expect(index.bytes).toBeGreaterThan(bytes);
    else expect(index.bytes).toBe(bytes);
  });

  it('refuses to remove what it does not hold', () => {
    const index = new HashIndex();
    index.add(7, 1);
    expect(() => index.remove(7, 2)).toThrow('not in the index');
  });
});

describe('the record table', () => {
  it('gives out zeroed records, keeps the others where they are, and uses removed ones again', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat()), { maxLength: 400 }), (list) => {
        const slab = new Slab();
        const table = new RecordTable(slab, 3, 1_000_000);
        const ids: number[] = [];
        for (const [isAdded, pick] of list) {
          if (isAdded || ids.length === 0) {
            const id = table.add();
            const at = table.at(id);
            expect(Array.from(slab.words.subarray(at, at + 3))).toEqual([0, 0, 0]);
            slab.words.fill(id, at, at + 3);
            ids.push(id);
          } else {
            table.remove(ids.splice(pick % ids.length, 1)[0] as number);
          }
        }
        expect(new Set(ids).size).toBe(ids.length);
        expect(table.count).toBe(ids.length);
        for (const id of ids) expect(slab.words[table.at(id) + 2]).toBe(id);
        const loaded = new RecordTable(slab, 3, 1_000_000);
        loaded.load(table.save());
        expect(loaded.add()).toBe(table.add());
      }),
      { numRuns: 100 },
    );
  });

  it('grows over many chunks without moving a record', () => {
    const slab = new Slab();
    const table = new RecordTable(slab, 8, 1_000_000);
    for (let i = 0; i < 40_000; i++) {
      const id = table.add();
      // Only now: adding may have replaced the slab's views.
      slab.words[table.at(id)] = id;
    }
    for (let id = 1; id <= 40_000; id++) expect(slab.words[table.at(id)]).toBe(id);
  });

  it('says in time that it is full', () => {
    const table = new RecordTable(new Slab(), 1, 2);
    table.add();
    expect(() => table.assertRoom(1, 'keys')).not.toThrow();
    expect(() => table.assertRoom(2, 'keys')).toThrow('maximum of 2 keys');
  });
});
