import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { readBody } from '../../../ingest/body/read-body.ts';
import { ingestMetricsOf } from '../../../ingest/ingest-metrics.ts';
import { createWorkLimit } from '../../../ingest/work-limit.ts';

const MIB = 1_048_576;
const LIMITS = { bytesMax: MIB, inflatedBytesMax: 4 * MIB };

/** A permit that remembers the most that it was asked to hold. */
function countingPermit() {
  const permit = {
    held: 0,
    hold: (bytes: number) => {
      permit.held += bytes;
    },
    end: () => {},
  };
  return permit;
}

const streamOf = (bytes: Uint8Array, chunkBytes = 1_000) =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield Buffer.from(bytes.subarray(at, at + chunkBytes));
    })(),
    { objectMode: false },
  );

describe('readBody', () => {
  it('gives the bytes that were sent, plain or gzip', async () => {
    const bytes = Buffer.from('天'.repeat(50_000));
    for (const gzip of [false, true]) {
      const body = streamOf(gzip ? gzipSync(bytes) : bytes);
      expect((await readBody(body, { ...LIMITS, gzip, permit: countingPermit() })).equals(bytes)).toBe(true);
    }
  });

  it('stops a gzip bomb at the limit, without holding what lies beyond', async () => {
    const bomb = gzipSync(Buffer.alloc(256 * MIB));
    expect(bomb.length).toBeLessThan(LIMITS.bytesMax);
    const permit = countingPermit();
    await expect(readBody(streamOf(bomb, 65_536), { ...LIMITS, gzip: true, permit })).rejects.toMatchObject({
      code: 'body.too_large',
    });
    expect(permit.held).toBeLessThanOrEqual(LIMITS.inflatedBytesMax);
  });

  it('stops at the limit of bytes as sent, plain or gzip', async () => {
    const noise = Buffer.from(Array.from({ length: 2 * MIB }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 13) & 0xff));
    for (const gzip of [false, true]) {
      const permit = countingPermit();
      const body = streamOf(gzip ? gzipSync(noise, { level: 0 }) : noise, 10_000);
      await expect(readBody(body, { ...LIMITS, gzip, permit })).rejects.toMatchObject({ code: 'body.too_large' });
      expect(permit.held).toBeLessThanOrEqual(LIMITS.bytesMax);
    }
  });

  it('refuses gzip that is cut off or none at all', async () => {
    const whole = gzipSync(Buffer.from('x'.repeat(10_000)));
    for (const bytes of [
      whole.subarray(0, whole.length - 9),
      Buffer.from('{"plain":true}'),
      Buffer.from([0x1f, 0x8b]),
    ]) {
      const options = { ...LIMITS, gzip: true, permit: countingPermit() };
      await expect(readBody(streamOf(bytes), options)).rejects.toMatchObject({ code: 'body.bad_encoding' });
    }
  });

  it('fails when the client hangs up in the middle', async () => {
    for (const gzip of [false, true]) {
      const body = new Readable({ read() {} });
      body.push(gzipSync(Buffer.from('x'.repeat(10_000))).subarray(0, 12));
      const reading = readBody(body, { ...LIMITS, gzip, permit: countingPermit() });
      body.destroy();
      await expect(reading).rejects.toMatchObject({ code: 'request.invalid' });
    }
  });
});

describe('createWorkLimit', () => {
  it('refuses requests and bytes past the bounds, and takes them again when others have ended', () => {
    const metrics = ingestMetricsOf(new Registry());
    const limit = createWorkLimit(metrics, { requestsMax: 2, bytesMax: 100 });
    const first = limit.begin();
    const second = limit.begin();
    expect(() => limit.begin()).toThrowError(expect.objectContaining({ code: 'server.overloaded' }));
    first.hold(60);
    expect(() => second.hold(41)).toThrowError(expect.objectContaining({ code: 'server.overloaded' }));
    second.hold(40);
    first.end();
    const third = limit.begin();
    third.hold(60);
    third.end();
    second.end();
    const all = limit.begin();
    all.hold(100);
  });
});
