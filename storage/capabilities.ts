/**
 * What this ClickHouse can do, in one object: migrations take their engine and cluster clauses from it, and no other
 * code asks which kind of server it talks to. The embedded one has no replication, no Keeper and no ON CLUSTER.
 */
export interface Capabilities {
  readonly version: string;
  /** Runs inside Weir's own child process. */
  readonly embedded: boolean;
  /** Name of the cluster that all tables are made on; absent for a single server. */
  readonly cluster?: string;
}

/** Pure clauses, so that a migration's text can be compared whatever server it runs on. */
export interface DdlClauses {
  /** `''` or ` ON CLUSTER 'name'`. */
  readonly onCluster: string;
  /** An engine of the MergeTree family, such as `engine('SummingMergeTree', '(a, b)')`. */
  engine(name: string, args?: string): string;
  /** The setting that keeps insert tokens: how many of the last blocks a table recognises. */
  deduplicationWindow(blocks: number): string;
}

export function createDdlClauses(capabilities: Pick<Capabilities, 'cluster'>): DdlClauses {
  const { cluster } = capabilities;
  if (cluster === undefined) {
    return {
      onCluster: '',
      engine: (name, args = '') => `${name}(${args})`,
      deduplicationWindow: (blocks) => `non_replicated_deduplication_window = ${blocks}`,
    };
  }
  return {
    onCluster: ` ON CLUSTER '${cluster.replace(/['\\]/g, '\\$&')}'`,
    engine: (name, args = '') => `Replicated${name}(${args})`,
    deduplicationWindow: (blocks) => `replicated_deduplication_window = ${blocks}`,
  };
}
