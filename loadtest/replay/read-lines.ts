/**
 * A file, gzipped or not, as lines with their numbers. Gzip is recognised by its first bytes. What cannot be read
 * (bad UTF-8, a line past the limit, a file that breaks off) is yielded as a problem in its place, never skipped.
 */
import { open } from 'node:fs/promises';
import { Transform, type TransformCallback } from 'node:stream';
import { createGunzip } from 'node:zlib';

export type FileLine =
  | { readonly line: number; readonly text: string }
  | { readonly line: number; readonly problem: string };

export interface LineFile {
  readonly bytesTotal: number;
  /** Bytes of the file (as stored) read so far. */
  bytesRead(): number;
  lines(): AsyncGenerator<readonly FileLine[]>;
}

const LINE_CHARS_MAX = 1_048_576;
const READ_BYTES = 262_144;
const GZIP_MAGIC = [0x1f, 0x8b] as const;
const REPLACEMENT = '\uFFFD';

/** Opens `path`; rejects with the system's error if it cannot be read. */
export async function openLineFile(path: string): Promise<LineFile> {
  const handle = await open(path, 'r');
  const { size } = await handle.stat();
  const magic = Buffer.alloc(2);
  await handle.read(magic, 0, 2, 0);
  const isGzip = magic[0] === GZIP_MAGIC[0] && magic[1] === GZIP_MAGIC[1];
  let bytesRead = 0;

  async function* lines(): AsyncGenerator<readonly FileLine[]> {
    const raw = handle.createReadStream({ start: 0, highWaterMark: READ_BYTES });
    const counter = new Transform({
      transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
        bytesRead += chunk.length;
        done(null, chunk);
      },
    });
    raw.on('error', (error) => counter.destroy(error));
    const bytes = isGzip ? raw.pipe(counter).pipe(createGunzip({ chunkSize: READ_BYTES })) : raw.pipe(counter);
    counter.on('error', (error) => bytes.destroy(error));
    const decoder = new TextDecoder('utf-8');
    let rest = '';
    let line = 0;
    try {
      for await (const chunk of bytes) {
        const parts = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
        rest = parts.pop() ?? '';
        yield parts.map((text) => read(text, ++line));
        if (rest.length > LINE_CHARS_MAX) {
          // Only its beginning is kept: enough to be reported as too long when its end comes.
          rest = rest.slice(0, LINE_CHARS_MAX + 1);
        }
      }
      rest += decoder.decode();
      if (rest !== '') yield [read(rest, ++line)];
    } catch (error) {
      yield [
        { line: line + 1, problem: `the file breaks off: ${error instanceof Error ? error.message : String(error)}` },
      ];
    } finally {
      raw.destroy();
      bytes.destroy();
      await handle.close().catch(() => undefined);
    }
  }

  return { bytesTotal: size, bytesRead: () => bytesRead, lines };
}

function read(text: string, line: number): FileLine {
  if (text.length > LINE_CHARS_MAX) return { line, problem: `the line is longer than ${LINE_CHARS_MAX} characters` };
  if (text.includes(REPLACEMENT)) return { line, problem: 'the line is not valid UTF-8' };
  const start = line === 1 && text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const end = text.charCodeAt(text.length - 1) === 0x0d ? text.length - 1 : text.length;
  return { line, text: start === 0 && end === text.length ? text : text.slice(start, end) };
}
