/** Rule documents as the entries that stage them: parts that fit a frame among events, in the order of the documents. */
import type { StageEntry } from './entry.ts';

/** Characters of JSON in a part, about: parsing one takes half a millisecond. A larger document is a part by itself. */
const PART_UNITS_MAX = 32_768;

export function stageEntries(version: number, documents: readonly unknown[]): StageEntry[] {
  const parts: unknown[][] = [[]];
  let units = 0;
  for (const document of documents) {
    const size = JSON.stringify(document).length;
    if (units > 0 && units + size > PART_UNITS_MAX) {
      parts.push([]);
      units = 0;
    }
    (parts.at(-1) as unknown[]).push(document);
    units += size;
  }
  return parts.map((part, index) => ({ kind: 'stage', version, part: index, parts: parts.length, documents: part }));
}
