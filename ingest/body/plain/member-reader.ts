/** Reads the name of a plain object's member, up to where its value begins. */
import { COLON, QUOTE, skipSpace } from '../json-bytes.ts';
import type { NameTable } from './name-table.ts';
import { endOfPlainText } from './plain-text.ts';

/** One reader serves all objects. */
export class MemberReader {
  /** The member that was read last, by its place among the names. */
  member = 0;

  /** Where the value begins of the member whose name is the next thing from `start` on; -1 where it is none of `names`. */
  read(bytes: Uint8Array, start: number, end: number, names: NameTable): number {
    const at = skipSpace(bytes, start, end);
    if (bytes[at] !== QUOTE) return -1;
    const nameEnd = endOfPlainText(bytes, at + 1, end);
    if (nameEnd < 0) return -1;
    this.member = names.find(bytes, at + 1, nameEnd);
    if (this.member < 0) return -1;
    const colon = skipSpace(bytes, nameEnd + 1, end);
    return bytes[colon] === COLON ? skipSpace(bytes, colon + 1, end) : -1;
  }
}
