/** Frames in a file: traffic that is made beforehand and takes no memory of the process that is measured. */
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';

export interface FrameFile {
  readonly count: number;
  /** A frame in memory of its own, as from a socket. Throws a `RangeError` where there is none, or not all of it. */
  read(index: number): Uint8Array;
  close(): void;
}

/** Writes `count` frames to a new file. */
export function writeFrames(path: string, count: number, make: () => Uint8Array): FrameFile {
  const file = openSync(path, 'wx+');
  const ends: number[] = [];
  let end = 0;
  for (let made = 0; made < count; made++) {
    const frame = make();
    writeFileSync(file, frame);
    end += frame.length;
    ends.push(end);
  }
  return {
    count,
    read(index) {
      const to = ends[index];
      if (to === undefined) throw new RangeError(`there is no frame ${index} of ${count}`);
      const from = ends[index - 1] ?? 0;
      const frame = new Uint8Array(to - from);
      if (readSync(file, frame, 0, frame.length, from) < frame.length)
        throw new RangeError(`frame ${index} is cut short`);
      return frame;
    },
    close: () => closeSync(file),
  };
}
