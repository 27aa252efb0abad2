/**
 * A frame is one message of the log: a short head and 1..N length-prefixed entries. The engine's outcomes travel in
 * the same container. Damage to one entry leaves its neighbours readable, since every length stands by itself.
 */
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

/** Where the items of a frame lie. One instance serves all frames. */
export class FrameItems {
  count = 0;
  /** By item: its first byte, and the byte behind its last. */
  starts = new Uint32Array(256);
  ends = new Uint32Array(256);

  /** Throws a `RangeError` where the bytes are no frame; there are no items then. */
  find(frame: Uint8Array): void {
    this.count = 0;
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    if (frame.length < HEAD_BYTES) throw new RangeError(`a frame has at least ${HEAD_BYTES} bytes`);
    if (view.getUint16(0, true) !== MAGIC) throw new RangeError('these bytes do not begin like a frame');
    const version = view.getUint16(2, true);
    if (version !== FRAME_VERSION) throw new RangeError(`frame version ${version} is not known`);
    const count = view.getUint32(4, true);
    if (count * FRAME_ITEM_OVERHEAD_BYTES > frame.length - HEAD_BYTES)
      throw new RangeError(`a frame this short cannot hold ${count} items`);
    if (count > this.starts.length) {
      this.starts = new Uint32Array(count * 2);
      this.ends = new Uint32Array(count * 2);
    }
    let at = HEAD_BYTES;
    for (let i = 0; i < count; i++) {
      const start = at + FRAME_ITEM_OVERHEAD_BYTES;
      const end = start <= frame.length ? start + view.getUint32(at, true) : start;
      if (end > frame.length) throw new RangeError(`item ${i} of the frame is cut off`);
      this.starts[i] = start;
      this.ends[i] = end;
      at = end;
    }
    if (at < frame.length) throw new RangeError(`${frame.length - at} bytes follow the last item of the frame`);
    this.count = count;
  }
}

/** Views of a frame's items. Throws a `RangeError` where the bytes are no frame. */
export function splitFrame(frame: Uint8Array): Uint8Array[] {
  const items = new FrameItems();
  items.find(frame);
  return Array.from({ length: items.count }, (_, i) => frame.subarray(items.starts[i], items.ends[i]));
}
