import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEntry } from '../../../core/codec/entry.ts';
import { parseConfig } from '../../../core/config.ts';
import { type BatchReading, type BodyForm, readBatch } from '../../../ingest/body/read-batch.ts';
import { ARBITRARY_NOW_MS, type RawEvent, rawEvent } from '../../support/events/event-arbitraries.ts';

const SEED = 20_261_123;
const event = (id: string, data: Record<string, unknown> = {}): RawEvent => ({
  type: 'transaction',
  id,
  source: 'pos',
  time: '2026-11-23T08:15:30Z',
  subject: 'c-1',
  data: { amount: 100, currency: 'CNY', ...data },
});

function read(body: string | Uint8Array, form: BodyForm, env: Record<string, string> = {}): Promise<BatchReading> {
  return readBatch(Buffer.from(body as Uint8Array), form, { config: parseConfig(env), nowMs: ARBITRARY_NOW_MS });
}

function idsOf(reading: BatchReading): string[] {
  return reading.entries.map((bytes) => {
    const entry = decodeEntry(bytes);
    if (entry.kind !== 'event') throw new Error(`an entry of kind ${entry.kind}`);
    return entry.event.id;
  });
}

const codesOf = (reading: BatchReading) => reading.refusals.map(({ problems }) => problems[0]?.code);
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const withNested = (id: string, depth: number) =>
  JSON.stringify(event(id, { x: 'here' })).replace('"here"', nested(depth - 2));

describe('readBatch', () => {
  it('reads the same events from lines, an array, and each by itself', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rawEvent, { minLength: 1, maxLength: 20 }),
        fc.constantFrom('\n', '\r\n', '\n\n'),
        fc.constantFrom(undefined, 1, '\t'),
        async (raws, newline, indent) => {
          const lines = await read(raws.map((raw) => JSON.stringify(raw)).join(newline) + newline, 'lines');
          const array = await read(JSON.stringify(raws, null, indent), 'json');
          expect(lines.refusals).toEqual([]);
          expect(array).toEqual(lines);
          expect(idsOf(lines)).toEqual(raws.map(({ id }) => id));
          const first = await read(JSON.stringify(raws[0], null, indent), 'json');
          expect(first.single).toBe(true);
          expect(first.entries).toEqual(lines.entries.slice(0, 1));
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('recognises the form by the bytes where no content type says it', async () => {
    const [a, b] = [event('a'), event('b')];
    expect(idsOf(await read(JSON.stringify(a), 'any'))).toEqual(['a']);
    expect(idsOf(await read(JSON.stringify(a, null, 2), 'any'))).toEqual(['a']);
    expect(idsOf(await read(JSON.stringify([a, b], null, 2), 'any'))).toEqual(['a', 'b']);
    expect(idsOf(await read(`${JSON.stringify(a)}\n${JSON.stringify(b)}`, 'any'))).toEqual(['a', 'b']);
  });

  it('refuses a bad line and takes the lines around it', async () => {
    const bad = Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xff, 0xc0]), Buffer.from('"}')]);
    const body = Buffer.concat(
      [
        JSON.stringify(event('a')),
        '{"type":"transaction"',
        bad,
        withNested('deep', 5_000),
        JSON.stringify(event('big', { x: 'y'.repeat(40_000) })),
        JSON.stringify(event('huge')).replace('100', '1e400'),
        JSON.stringify(event('number', { x: 1 })).replace('"x":1', '"x":[{"y/z":-1e999}]'),
        JSON.stringify(event('digits', { x: 1 })).replace('"x":1', `"x":${'9'.repeat(400)}`),
        JSON.stringify(event('half', { x: '?' })).replace('?', '\\uD83D'),
        '   ',
        JSON.stringify(event('z', { x: '\u{1F600}', y: 1e300 })).replace('\u{1F600}', '\\uD83D\\uDE00'),
      ].flatMap((line) => [Buffer.from(line as string), Buffer.from('\n')]),
    );
    const reading = await read(body, 'lines');
    expect(idsOf(reading)).toEqual(['a', 'z']);
    expect(reading.events).toBe(10);
    expect(
      reading.refusals.map(({ index, id, problems: [first] }) => [index, id, first?.code, first?.pointer]),
    ).toEqual([
      [1, undefined, 'event.not_json', ''],
      [2, undefined, 'event.not_utf8', ''],
      [3, undefined, 'event.too_deep', ''],
      [4, undefined, 'event.too_large', ''],
      [5, 'huge', 'event.invalid', '/data/amount'],
      [6, 'number', 'event.invalid', '/data/x/0/y~1z'],
      [7, 'digits', 'event.invalid', '/data/x'],
      [8, 'half', 'event.invalid', '/data/x'],
    ]);
    for (const { start, end, index } of reading.refusals) {
      const line = body.subarray(start, end).toString('latin1');
      expect(line, `line ${index}`).not.toContain('\n');
      expect(line.startsWith('{')).toBe(true);
    }
  });

  it('refuses a bad element of an array and takes its neighbours', async () => {
    const elements = [
      JSON.stringify(event('a')),
      '5',
      'null',
      '[]',
      JSON.stringify(event('b', { amount: -1 })),
      withNested('deep', 17),
      JSON.stringify(event('c', { x: '],[{"\\' })),
      withNested('d', 16),
    ];
    const reading = await read(` [ ${elements.join(' ,\n')} ] `, 'json');
    expect(reading.failure).toBeUndefined();
    expect(idsOf(reading)).toEqual(['a', 'c', 'd']);
    expect(reading.refusals.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5]);
    expect(codesOf(reading)).toEqual([
      'event.invalid',
      'event.invalid',
      'event.invalid',
      'event.invalid',
      'event.too_deep',
    ]);
  });

  it('refuses an array as a whole that is no JSON', async () => {
    const good = JSON.stringify(event('a'));
    const bodies = [
      `[${good}`,
      `[${good},`,
      `[${good},]`,
      `[,${good}]`,
      `[${good}]]`,
      `[${good}] x`,
      `[${good},{"a":}]`,
      `[${good},{"a":1]}`,
      `[${good},"abc]`,
      `[${good}}`,
      '['.repeat(100_000),
    ];
    for (const body of bodies) {
      const reading = await read(body, 'json');
      expect(reading.failure?.code, body.slice(0, 300)).toBe('event.not_json');
    }
  });

  it('never takes a cut array, wherever the cut is', async () => {
    const body = Buffer.from(JSON.stringify([event('a'), event('b', { merchant: { id: '店,]' } })]));
    for (let length = 1; length < body.length; length++) {
      expect((await read(body.subarray(0, length), 'json')).failure?.code).toBe('event.not_json');
    }
  });

  it('says that an empty body holds no event', async () => {
    for (const body of ['', ' \n\t', '[]', ' [ ] ', '\ufeff', '\n\n']) {
      for (const form of ['json', 'lines'] as const) {
        if (form === 'lines' && body.includes('[')) continue;
        expect((await read(body, form)).failure?.code, JSON.stringify(body)).toBe('body.empty');
      }
    }
  });

  it('passes over any number of blank lines at once', async () => {
    const blank = '\n'.repeat(1_000_000);
    const reading = await read(`${blank}${JSON.stringify(event('a'))}${blank}{\r\n \r\n`, 'lines');
    expect(idsOf(reading)).toEqual(['a']);
    expect(reading.refusals.map(({ index, start }) => [index, start])).toEqual([
      [1, 2_000_000 + JSON.stringify(event('a')).length],
    ]);
  });

  it('skips a byte order mark', async () => {
    expect(idsOf(await read(`\ufeff${JSON.stringify(event('a'))}`, 'json'))).toEqual(['a']);
  });

  it('takes as many events as the limit allows, and no batch with one more', async () => {
    const env = { WEIR_BATCH_EVENTS_MAX: '600' };
    const lines = (count: number) => Array.from({ length: count }, (_, i) => JSON.stringify(event(`e-${i}`)));
    expect((await read(lines(600).join('\n'), 'lines', env)).entries).toHaveLength(600);
    expect((await read(`[${lines(600).join(',')}]`, 'json', env)).entries).toHaveLength(600);
    expect((await read(lines(601).join('\n'), 'lines', env)).failure?.code).toBe('body.too_many');
    expect((await read(`[${lines(601).join(',')}]`, 'json', env)).failure?.code).toBe('body.too_many');
  });

  it('refuses an event that takes more room in the log than a frame has', async () => {
    const body = JSON.stringify(event('a', { x: '?' })).replace('"?"', `[${'1e20,'.repeat(1_000)}1]`);
    const reading = await read(body, 'json', { WEIR_FRAME_BYTES_MAX: '4096' });
    expect(codesOf(reading)).toEqual(['event.too_large']);
    expect(reading.entries).toEqual([]);
  });

  it('never throws and never loses count, whatever the bytes are', async () => {
    const soup = fc.array(
      fc.oneof(
        fc.constantFrom(
          '[',
          ']',
          '{',
          '}',
          ',',
          ':',
          '"',
          '\\',
          '\\u',
          '\n',
          ' ',
          '1e9',
          'null',
          '"a":',
          'é',
          '\ufeff',
        ),
        fc.constant(JSON.stringify(event('good'))),
      ),
      { maxLength: 30 },
    );
    const bytes = fc.oneof(
      soup.map((parts) => Buffer.from(parts.join(''))),
      fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom<BodyForm>('json', 'lines', 'any'), async (body, form) => {
        const reading = await read(body, form);
        if (reading.failure === undefined) {
          expect(reading.entries.length + reading.refusals.length).toBe(reading.events);
          expect(reading.events).toBeGreaterThan(0);
        }
        for (const { problems } of reading.refusals) expect(problems.length).toBeGreaterThan(0);
      }),
      { seed: SEED, numRuns: 3_000 },
    );
  });

  it('finds in an array exactly the elements that JSON.parse finds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 1, maxLength: 12 }), async (values) => {
        const body = Buffer.from(JSON.stringify(values, null, 1));
        const { refusals, failure } = await read(body, 'json');
        expect(failure).toBeUndefined();
        expect(refusals.map(({ start, end }) => JSON.parse(body.toString('utf8', start, end)))).toEqual(
          JSON.parse(JSON.stringify(values)),
        );
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
