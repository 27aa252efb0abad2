/**
 * A frame is one message of the log: a short head and 1..N length-prefixed entries. The engine's outcomes travel in
 * the same container. Damage to one entry leaves its neighbours readable, since every length stands by itself.
 */
import { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

const MAGIC = 0x4657;
const FRAME_VERSION = 1;
const HEAD_BYTES = 8;

/** Bytes that `beginFrame` writes; a size limit must count them. */
export const FRAME_HEAD_BYTES = HEAD_BYTES;
/** Bytes that each item costs beside its own. */
export const FRAME_ITEM_OVERHEAD_BYTES = 4;

export function beginFrame(writer: ByteWriter): void {
  writer.u16(MAGIC);
  writer.u16(FRAME_VERSION);
  writer.u32(0);
}

/** Appends one item, written by `write` straight into the frame. */
export function appendItem(writer: ByteWriter, write: (writer: ByteWriter) => void): void {
  const at = writer.length;
  writer.u32(0);
  write(writer);
  writer.patchU32(at, writer.length - at - FRAME_ITEM_OVERHEAD_BYTES);
}

/** Writes the count and returns a copy of the frame that began at `start`. */
export function endFrame(writer: ByteWriter, count: number, start = 0): Uint8Array {
  writer.patchU32(start + 4, count);
  return writer.take(start);
}

/** Builds a frame of entries that are encoded already. */
export function encodeFrame(writer: ByteWriter, items: readonly Uint8Array[]): Uint8Array {
  writer.reset();
  beginFrame(writer);
  for (const item of items) {
    writer.u32(item.length);
    writer.bytes(item);
  }
  return endFrame(writer, items.length);
}

/** Views of a frame's items. Throws a `RangeError` where the bytes are no frame. */
export function splitFrame(frame: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(frame);
  if (reader.u16() !== MAGIC) throw new RangeError('these bytes do not begin like a frame');
  const version = reader.u16();
  if (version !== FRAME_VERSION) throw new RangeError(`frame version ${version} is not known`);
  const count = reader.u32();
  if (count * FRAME_ITEM_OVERHEAD_BYTES > reader.remaining)
    throw new RangeError(`a frame this short cannot hold ${count} items`);
  const items: Uint8Array[] = [];
  for (let i = 0; i < count; i++) items.push(reader.bytes(reader.u32()));
  if (reader.remaining > 0) throw new RangeError(`${reader.remaining} bytes follow the last item of the frame`);
  return items;
}
