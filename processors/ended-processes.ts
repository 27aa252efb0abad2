/**
 * Processor processes whose end was seen by whoever started them: a lease that one of them holds need not run out. Whether
 * that is right decides nothing but who works; OUTCOMES takes no answer of two.
 */

/** Ids that are remembered; an older one's lease, where nobody has taken it since, ends by itself. */
const ENDED_MAX = 64;

export interface EndedProcesses {
  add(ids: readonly string[]): void;
  has(id: string): boolean;
  /** The oldest first. */
  list(): string[];
}

export function createEndedProcesses(): EndedProcesses {
  const ended = new Set<string>();
  return {
    add(ids) {
      for (const id of ids) ended.add(id);
      for (const id of ended) {
        if (ended.size <= ENDED_MAX) break;
        ended.delete(id);
      }
    },
    has: (id) => ended.has(id),
    list: () => [...ended],
  };
}
