/**
 * Generates what writes a trace: `writeValues` for slots that are known, straight on. A rule set that was just evaluated has
 * driven loops and tables out of the processor's caches; a few straight lines come back faster. The bytes are the same.
 */
import type { ByteWriter } from '../../core/codec/byte-writer.ts';
import { type Source, SourceBuilder } from '../compiler/source-builder.ts';
import { BYTE, NAMED, TAG_BITS, TAGS_PER_WORD, type TextNumbers, writeValue } from './value-codec.ts';

export type WriteSlots = (s: readonly unknown[], writer: ByteWriter) => void;

/** Beyond it the function would be too large for the optimising compiler, and a loop does as well. */
const SLOTS_MAX = 64;
/** The version, a word of tags and eight whole numbers. */
const ROOM_BYTES = 1 + 4 + TAGS_PER_WORD * 4;

/** `names`: of each slot, the texts that rules compare it with. Undefined where there are none or too many slots. */
export function generateTraceWriter(
  version: number,
  slots: Int32Array,
  names: readonly (TextNumbers | undefined)[],
): WriteSlots | undefined {
  if (slots.length === 0 || slots.length > SLOTS_MAX) return undefined;
  const b = new SourceBuilder();
  const room = b.integer(ROOM_BYTES);
  const words: Source[] = [];
  let first = b.join`b=w.room(${room});at=w.length;b.setUint8(at,${b.integer(version)});p=at+1;`;
  for (let start = 0; start < slots.length; start += TAGS_PER_WORD) {
    const values: Source[] = [];
    const end = Math.min(slots.length, start + TAGS_PER_WORD);
    for (let i = start; i < end; i++)
      values.push(writeSlot(b, slots[i] as number, names[i], (i - start) * TAG_BITS, room));
    words.push(b.join`${first}at=p+4;t=0;${b.list(values, '')}b.setUint32(p,t,true);w.skipTo(at);`);
    first = b.join`b=w.room(${room});p=at;`;
  }
  // The builder's text has this shape for every input.
  return b.compile('s,w', b.join`let p,b,at,t,v,m;${b.list(words, '')}`) as WriteSlots;
}

/** Whole numbers and texts that have a number in line, anything else by `writeValue`. */
function writeSlot(
  b: SourceBuilder,
  slot: number,
  names: TextNumbers | undefined,
  shift: number,
  room: Source,
): Source {
  const other = b.join`{w.skipTo(at);m=${b.constant(writeValue)}(w,v,${b.value(names)});at=w.length;b=w.room(${room});}`;
  const put =
    names === undefined
      ? b.join`if(typeof v==="number"&&v>>>0===v&&(v!==0||1/v>0)){b.setUint32(at,v,true);m=(39-Math.clz32(v|1))>>3;at+=m;m+=${b.integer(BYTE - 1)};}else${other}`
      : b.join`m=${b.constant(names)}.get(v);if(m!==undefined){b.setUint8(at++,m);m=${b.integer(NAMED)};}else${other}`;
  return b.join`v=s[${b.integer(slot)}];${put}t|=m<<${b.integer(shift)};`;
}
