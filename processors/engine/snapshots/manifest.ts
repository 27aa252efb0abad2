/**
 * The manifest of a snapshot: everything but the slab's words, and the names of the shards that hold those. `readManifest`
 * brings those of earlier versions to the present form, one version at a time.
 */
import type { SlabHead } from '../memory/slab.ts';
import { assertReadable, type SavedLayouts, writtenLayouts } from './layouts.ts';
import { damaged, SectionReader, type SectionWriter } from './sections.ts';
import { parseShardName, type ShardRef, shardName } from './shards.ts';

/** Raised when the manifest itself changes; the parts of the state have layouts of their own. */
const MANIFEST_VERSION = 6;
/** The last one that held the slab's words in a section. */
const VERSION_WITH_WORDS = 5;

/** All that version 5 could hold. */
const LAYOUTS_OF_VERSION_5: SavedLayouts = {
  slab: 1,
  rules: 1,
  entities: 1,
  customers: 1,
  merchants: 1,
  identity: 1,
  windows: 1,
  places: 1,
  lists: 1,
  sequences: 1,
  absences: 1,
  liveWindows: 1,
};

export interface Manifest {
  readonly sections: SectionReader;
  /** Which layout each part is in: what its loading may ask. */
  readonly layouts: SavedLayouts;
  readonly slab: SlabHead;
  readonly shardBytes: number;
  /** In the order of the slab; empty where `words` holds them all. */
  readonly shards: readonly ShardRef[];
  /** Of a version 5 snapshot. */
  readonly words?: Uint8Array;
}

interface SavedShards {
  readonly bytes: number;
  readonly names: readonly string[];
}

/** `sections` holds the rest already. */
export function writeManifest(sections: SectionWriter, shardBytes: number, shards: readonly ShardRef[]): Uint8Array {
  sections.json('layouts', writtenLayouts());
  sections.json('shards', { bytes: shardBytes, names: shards.map(shardName) } satisfies SavedShards);
  return sections.finish(MANIFEST_VERSION);
}

/** Throws a `WeirError` `checkpoint.damaged` where it is not whole, or of a version or layout that is not read. */
export function readManifest(bytes: Uint8Array): Manifest {
  const sections = new SectionReader(bytes);
  const { version } = sections;
  if (version !== MANIFEST_VERSION && version !== VERSION_WITH_WORDS)
    throw damaged(`snapshot version ${version} is not known`);
  // The sections carry digests and an engine wrote them: their shape is their version's.
  const layouts = version === VERSION_WITH_WORDS ? LAYOUTS_OF_VERSION_5 : (sections.json('layouts') as SavedLayouts);
  assertReadable(layouts);
  const common = { sections, layouts, slab: sections.json('slab') as SlabHead };
  if (version === VERSION_WITH_WORDS)
    return { ...common, shardBytes: 0, shards: [], words: sections.bytes('slab.words') };
  const { bytes: shardBytes, names } = sections.json('shards') as SavedShards;
  return { ...common, shardBytes, shards: names.map(parseShardName) };
}
