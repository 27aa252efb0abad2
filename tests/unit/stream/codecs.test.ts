import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../core/codec/byte-writer.ts';
import {
  decodeQuarantineRecord,
  encodeQuarantineRecord,
  QUARANTINE_ORIGINS,
} from '../../../core/codec/quarantine-record.ts';
import { formatNatsServerConfig } from '../../../stream/embedded/nats-server-config.ts';
import { parseDelivery } from '../../../stream/log/delivery.ts';
import { Fifo } from '../../../stream/log/fifo.ts';
import { readServerFeatures } from '../../../stream/server-features.ts';

describe('the reply subject of a delivery', () => {
  const delivery = { seq: 4, consumerSeq: 3, appendedMs: 1_795_457_361_334, pending: 7 };

  it.each([
    ['of an old server', '$JS.ACK.EVENTS.DWTefoCQ.1.4.3.1795457361334604714.7'],
    ['with a domain and an account', '$JS.ACK._.hash.EVENTS.DWTefoCQ.1.4.3.1795457361334604714.7'],
    ['with a token at the end', '$JS.ACK.hub.hash.EVENTS.DWTefoCQ.1.4.3.1795457361334604714.7.random'],
  ])('%s is read', (_, reply) => {
    expect(parseDelivery(reply)).toEqual(delivery);
  });

  it.each(['', '_INBOX.x.y', '$JS.ACK.EVENTS.c.1.4.3', '$JS.ACK.EVENTS.c.1.x.3.1795457361334604714.7'])(
    '"%s" is none',
    (reply) => {
      expect(parseDelivery(reply)).toBeUndefined();
    },
  );
});

describe('a quarantine record', () => {
  it('survives encoding', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 });
    const record = fc.record({
      id: text,
      atMs: fc.integer({ min: 0 }),
      origin: fc.constantFrom(...QUARANTINE_ORIGINS),
      producer: text,
      code: text,
      pointer: text,
      message: text,
      contentType: text,
      bytes: fc.uint8Array({ maxLength: 500 }),
    });
    const writer = new ByteWriter();
    fc.assert(
      fc.property(record, (value) => {
        const decoded = decodeQuarantineRecord(encodeQuarantineRecord(writer, value));
        expect({ ...decoded, bytes: [...decoded.bytes] }).toEqual({
          ...value,
          bytes: [...value.bytes],
          bytesTotal: value.bytes.length,
        });
      }),
      { seed: 42 },
    );
  });

  it('is never read from a part of its bytes', () => {
    const writer = new ByteWriter();
    const base = { atMs: 1, origin: 'nats', producer: 'p', code: 'c', pointer: '', message: 'm' } as const;
    const encoded = encodeQuarantineRecord(writer, { ...base, id: 'i', contentType: 't', bytes: new Uint8Array(0) });
    for (let length = 0; length < encoded.length; length++) {
      expect(() => decodeQuarantineRecord(encoded.subarray(0, length))).toThrow(RangeError);
    }
  });
});

describe('server features', () => {
  it('go by version, and too old a server is refused', () => {
    expect(readServerFeatures('2.9.10').has('compression')).toBe(false);
    expect(readServerFeatures('v2.10.0').has('compression')).toBe(true);
    expect(readServerFeatures('2.12.1-beta.1').has('syncInterval')).toBe(true);
    for (const version of ['2.9.9', '2.8.12', '1.4.1', 'unknown', '']) {
      expect(() => readServerFeatures(version), version).toThrow(expect.objectContaining({ code: 'part.missing' }));
    }
  });
});

describe("the server's configuration", () => {
  const config = { port: 4222, user: 'weir', password: 'secret', storeDir: '/tmp/x', storeBytesMax: 1_000 };

  it('names the disk interval only to a server that knows it', () => {
    expect(formatNatsServerConfig(config, readServerFeatures('2.9.10'))).not.toContain('sync_interval');
    expect(formatNatsServerConfig(config, readServerFeatures('2.10.0'))).toContain('sync_interval: "10s"');
  });

  it('quotes what could end a string, and refuses what the format cannot carry', () => {
    const features = readServerFeatures('2.9.10');
    const quoted = formatNatsServerConfig({ ...config, password: 'a"b\\c' }, features);
    expect(quoted).toContain('password: "a\\"b\\\\c"');
    for (const password of ['$2a$11$looksLikeAHash', 'two\nlines', 'ä']) {
      expect(() => formatNatsServerConfig({ ...config, password }, features), password).toThrow(
        expect.objectContaining({ code: 'config.invalid' }),
      );
    }
  });
});

describe('first in, first out', () => {
  it('behaves as an array that is shifted', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 5_000, size: 'max' }), (operations) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        operations.forEach((push, i) => {
          if (push || i % 3 === 0) {
            fifo.push(i);
            model.push(i);
          } else {
            expect(fifo.shift()).toBe(model.shift());
          }
          expect(fifo.length).toBe(model.length);
          expect(fifo.peek()).toBe(model[0]);
        });
      }),
      { seed: 7, numRuns: 30 },
    );
  });
});
