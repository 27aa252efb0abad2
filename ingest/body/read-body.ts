/**
 * Reads a request's body into memory, inflating gzip on the way. Both limits are watched chunk by chunk: a body that
 * inflates to gigabytes is cut off at the limit and has cost no more than that.
 */
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { WeirError } from '../../core/errors.ts';
import type { WorkPermit } from '../work-limit.ts';

/** Larger than zlib's default of 16 KiB: fewer trips to the thread pool. */
const INFLATE_CHUNK_BYTES = 65_536;

interface BodyLimits {
  /** As sent. */
  readonly bytesMax: number;
  readonly inflatedBytesMax: number;
}

export interface ReadBodyOptions extends BodyLimits {
  readonly gzip: boolean;
  readonly permit: WorkPermit;
}

/**
 * Throws a `WeirError`: `body.too_large` past a limit, `body.bad_encoding` where the bytes are no gzip,
 * `server.overloaded` when too many bytes are held, `request.invalid` when the client hung up in the middle.
 */
export async function readBody(stream: Readable, options: ReadBodyOptions): Promise<Buffer> {
  return options.gzip ? inflate(stream, options) : collect(stream, options.bytesMax, 'as sent', options.permit);
}

async function collect(stream: Readable, bytesMax: number, what: string, permit: WorkPermit): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise<Buffer>((resolve, reject) => {
    const fail = (error: unknown) => {
      stream.removeListener('data', take);
      stream.pause();
      reject(error);
    };
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        fail(new WeirError('body.too_large', `the body holds more than ${bytesMax} bytes ${what}`));
        return;
      }
      try {
        permit.hold(chunk.length);
      } catch (error) {
        fail(error);
        return;
      }
      chunks.push(chunk);
    };
    stream.on('data', take);
    stream.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes)));
    stream.once('error', (error) => fail(asBodyError(error)));
    stream.once('close', () => {
      // It closes after its end too: an error made for nothing would cost more than all else here.
      if (!stream.readableEnded) fail(new WeirError('request.invalid', 'the body ended before it was complete'));
    });
  });
}

async function inflate(stream: Readable, { bytesMax, inflatedBytesMax, permit }: ReadBodyOptions): Promise<Buffer> {
  const gunzip = createGunzip({ chunkSize: INFLATE_CHUNK_BYTES });
  const inflated = collect(gunzip, inflatedBytesMax, 'after decompression', permit);
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      gunzip.destroy(new WeirError('body.too_large', `the body holds more than ${bytesMax} bytes as sent`));
    }
  });
  stream.once('error', (error) => gunzip.destroy(error));
  stream.once('close', () => {
    if (!stream.readableEnded) {
      gunzip.destroy(new WeirError('request.invalid', 'the body ended before it was complete'));
    }
  });
  stream.pipe(gunzip);
  try {
    return await inflated;
  } finally {
    stream.unpipe(gunzip);
    gunzip.destroy();
  }
}

function asBodyError(error: Error & { readonly code?: string }): WeirError {
  if (error instanceof WeirError) return error;
  if (error.code?.startsWith('Z_') === true) {
    return new WeirError('body.bad_encoding', `the body is no valid gzip: ${error.message}`, { cause: error });
  }
  return new WeirError('request.invalid', `the body could not be read: ${error.message}`, { cause: error });
}
