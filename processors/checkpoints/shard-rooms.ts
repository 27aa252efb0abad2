/**
 * Memory for the shards of a checkpoint that are on their way to the store: a few rooms, used over and over. Whoever finds none
 * free waits: what a slow store does not take must not gather.
 */
export interface ShardRooms {
  take(): Promise<Uint8Array>;
  /** Gives a room back; one that something may still read is let go, and another takes its place. */
  give(room: Uint8Array, isFree: boolean): void;
}

export function createShardRooms(count: number, bytes: number): ShardRooms {
  const free: Uint8Array[] = [];
  const waiting: ((room: Uint8Array) => void)[] = [];
  let made = 0;
  return {
    async take() {
      const room = free.pop();
      if (room !== undefined) return room;
      if (made < count) {
        made++;
        return new Uint8Array(bytes);
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    give(room, isFree) {
      const given = isFree ? room : new Uint8Array(bytes);
      const next = waiting.shift();
      if (next === undefined) free.push(given);
      else next(given);
    },
  };
}
