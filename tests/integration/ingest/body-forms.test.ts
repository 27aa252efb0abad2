import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IntakeProblem, IntakeReceipt } from '../../../ingest/answer.ts';
import { type IntakeUnderTest, startIntake, transaction } from './intake-under-test.ts';

const NDJSON = { 'content-type': 'application/x-ndjson' };
let intake: IntakeUnderTest;

beforeAll(async () => {
  intake = await startIntake({ WEIR_BODY_BYTES_MAX: '200000', WEIR_BODY_INFLATED_BYTES_MAX: '400000' });
});
afterAll(() => intake.stop());

const lines = (...events: unknown[]) => events.map((event) => JSON.stringify(event)).join('\n');
/** Ids of the given events that the log holds. */
async function stored(events: readonly { id: string }[]): Promise<string[]> {
  const ids = new Set(events.map(({ id }) => id));
  return (await intake.events()).map(({ id }) => id).filter((id) => ids.has(id));
}

describe('POST /v1/events', () => {
  it('takes every body form, plain and gzip, and has it in the log when it answers', async () => {
    const bodies: [string, Record<string, string>, { id: string }[]][] = [];
    const add = (
      body: (events: ReturnType<typeof transaction>[]) => string,
      headers: Record<string, string>,
      n: number,
    ) => {
      const events = Array.from({ length: n }, () => transaction());
      bodies.push([body(events), headers, events]);
    };
    add(([event]) => JSON.stringify(event), {}, 1);
    add((events) => JSON.stringify(events), {}, 3);
    add((events) => lines(...events), NDJSON, 3);
    add((events) => `${events.map((event) => JSON.stringify(event)).join('\r\n')}\r\n`, NDJSON, 250);
    add(
      ([event]) => JSON.stringify({ specversion: '1.0', ...event }),
      { 'content-type': 'application/cloudevents+json' },
      1,
    );
    add((events) => JSON.stringify(events), { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' }, 2);
    for (const [body, headers, events] of bodies) {
      const plain = await intake.post(body, headers);
      expect(plain.status).toBe(202);
      expect(plain.body).toEqual({ accepted: events.length, rejected: 0, errors: [] });
      expect(await stored(events)).toEqual(events.map(({ id }) => id));
      const zipped = await intake.post(gzipSync(body), { ...headers, 'content-encoding': 'gzip' });
      expect(zipped.body.accepted).toBe(events.length);
      expect(await stored(events)).toHaveLength(events.length * 2);
    }
  });

  it('takes a CloudEvent in binary mode, its attributes in the headers', async () => {
    const { data, time, ...attributes } = transaction({}, { subject: 'c-超' });
    const headers = Object.fromEntries(
      Object.entries({ specversion: '1.0', time, ...attributes }).map(([name, value]) => [
        `ce-${name}`,
        encodeURIComponent(String(value)),
      ]),
    );
    expect((await intake.post(JSON.stringify(data), headers)).body).toEqual({ accepted: 1, rejected: 0, errors: [] });
    const [event] = (await intake.events()).slice(-1);
    expect(event).toMatchObject({ ...attributes, timeMs: Date.parse(time), data });
    const broken = await intake.post(`${JSON.stringify(data)},"id":"other"`, headers);
    expect([broken.status, broken.body.code]).toEqual([400, 'event.not_json']);
  });

  it('keeps the log in the order of the body', async () => {
    const events = Array.from({ length: 450 }, () => transaction());
    await intake.post(lines(...events), NDJSON);
    expect(await stored(events)).toEqual(events.map(({ id }) => id));
  });

  it('takes the good events of a batch and quarantines the bad ones with their bytes and reason', async () => {
    const [good, alsoGood] = [transaction(), transaction()];
    const bad = transaction({ amount: '100', currency: 'x' });
    const body = `${JSON.stringify(good)}\n{"type":\n${JSON.stringify(bad)}\n${JSON.stringify(alsoGood)}`;
    const answer = await intake.post(body, NDJSON);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      accepted: 2,
      rejected: 2,
      errors: [
        { index: 1, id: null, code: 'event.not_json', pointer: '' },
        {
          index: 2,
          id: bad.id,
          code: 'event.invalid',
          pointer: '/data/amount',
          problems: [{}, { pointer: '/data/currency' }],
        },
      ],
    });
    expect(await stored([good, alsoGood])).toHaveLength(2);
    const records = (await intake.quarantined()).slice(-2).sort((a, b) => a.code.localeCompare(b.code));
    expect(records.map(({ bytes, ...record }) => ({ ...record, text: Buffer.from(bytes).toString() }))).toMatchObject([
      {
        code: 'event.invalid',
        pointer: '/data/amount',
        text: JSON.stringify(bad),
        origin: 'http',
        contentType: 'application/x-ndjson',
      },
      { code: 'event.not_json', text: '{"type":' },
    ]);
  });

  it('answers 202 to a batch of bad events that are JSON, 400 when nothing of it is', async () => {
    const allBad = await intake.post(lines(transaction({ amount: -1 }), { type: 'x' }), NDJSON);
    expect([allBad.status, allBad.body.accepted, allBad.body.rejected]).toEqual([202, 0, 2]);
    const nothing = await intake.post('{"a":\nxyz', NDJSON);
    expect([nothing.status, nothing.body.accepted, nothing.body.rejected]).toEqual([400, 0, 2]);
    expect(nothing.headers.get('content-type')).toContain('application/problem+json');
  });

  it('answers 400 with a pointer to a bad event sent by itself', async () => {
    const bad = transaction({ merchant: { id: 'm', mcc: 'abcd' } });
    const { status, body } = await intake.post(JSON.stringify(bad));
    expect(status).toBe(400);
    expect(body).toMatchObject({
      code: 'event.invalid',
      status: 400,
      accepted: 0,
      rejected: 1,
      errors: [{ index: 0, id: bad.id, code: 'event.invalid', pointer: '/data/merchant/mcc' }],
    });
  });

  it('answers as it is documented', async () => {
    const document = (await (await fetch(`${intake.url}/openapi.json`)).json()) as {
      paths: Record<string, { post: { requestBody: { content: object }; responses: object } }>;
    };
    const route = document.paths['/v1/events']?.post;
    if (route === undefined) throw new Error('the route is not documented');
    expect(Object.keys(route.requestBody.content)).toContain('application/x-ndjson');
    expect(Object.keys(route.responses).sort()).toEqual(['202', '400', '401', '403', '413', '415', '429', '503']);
    const receipt = await intake.post(lines(transaction(), { type: 'x' }), NDJSON);
    expect(Value.Check(IntakeReceipt, receipt.body)).toBe(true);
    const problem = await intake.post('nothing');
    expect(Value.Check(IntakeProblem, problem.body)).toBe(true);
  });

  it('refuses what it cannot read, each with its status', async () => {
    const body = JSON.stringify(transaction());
    const cases: [number, string, string | Uint8Array, Record<string, string>][] = [
      [400, 'event.not_json', '{"type":', {}],
      [400, 'event.not_json', `[${body}`, {}],
      [400, 'event.not_utf8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), {}],
      [400, 'event.too_deep', `${'['.repeat(500)}${']'.repeat(500)}`.replace('[[', '{"a":[').replace(/\]$/, '}'), {}],
      [400, 'event.invalid', 'null', {}],
      [400, 'body.empty', '', {}],
      [400, 'body.empty', '[]', {}],
      [400, 'body.bad_encoding', body, { 'content-encoding': 'gzip' }],
      [413, 'event.too_large', JSON.stringify(transaction({ x: 'y'.repeat(40_000) })), {}],
      [413, 'body.too_large', 'x'.repeat(200_001), {}],
      [413, 'body.too_large', gzipSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'gzip' }],
      [415, 'body.unsupported_type', brotliCompressSync(body), { 'content-encoding': 'br' }],
      [415, 'body.unsupported_type', body, { 'content-type': 'text/plain' }],
      [415, 'body.unsupported_type', body, { 'content-type': 'application/json; charset=gbk' }],
    ];
    const before = (await intake.events()).length;
    for (const [status, code, bytes, headers] of cases) {
      const answer = await intake.post(bytes, headers);
      expect([answer.status, answer.body.code], `${code} ${JSON.stringify(headers)}`).toEqual([status, code]);
      expect(answer.body.accepted).toBe(0);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
    expect(await intake.events()).toHaveLength(before);
    expect((await intake.post(body)).status).toBe(202);
  });

  it('stops reading a body without a declared length at the limit', async () => {
    const head = `POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${intake.token('ingest')}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(intake.url).port), '127.0.0.1');
      let text = '';
      socket.on('data', (bytes) => {
        text += bytes.toString();
        if (text.includes('\r\n\r\n')) resolve(text);
      });
      socket.on('error', () => {});
      socket.on('close', () => reject(new Error(`closed after ${JSON.stringify(text)}`)));
      socket.write(head);
      for (let i = 0; i < 5; i++) socket.write(chunk);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it('asks for a token with the role before it reads a byte', async () => {
    const body = gzipSync(Buffer.alloc(50_000_000));
    for (const [authorization, status] of [
      ['', 401],
      ['Bearer nonsense', 401],
      [`Bearer ${intake.token('app')}`, 403],
    ] as const) {
      expect((await intake.post(body, { authorization, 'content-encoding': 'gzip' })).status).toBe(status);
    }
    const admin = { authorization: `Bearer ${intake.token('admin')}` };
    expect((await intake.post(JSON.stringify(transaction()), admin)).status).toBe(202);
  });

  it('answers 503 with Retry-After while the processor is too far behind', async () => {
    intake.backlog.framesBehind = intake.config.WEIR_BACKLOG_FRAMES_MAX + 1;
    try {
      const { status, headers, body } = await intake.post(JSON.stringify(transaction()));
      expect([status, body.code, Number(headers.get('retry-after')) > 0]).toEqual([503, 'log.backlogged', true]);
    } finally {
      intake.backlog.framesBehind = 0;
    }
    expect((await intake.post(JSON.stringify(transaction()))).status).toBe(202);
  });

  it('counts what it did', async () => {
    const value = async (name: string, labels: Record<string, string | number>) => {
      const metric = await intake.metrics.getSingleMetric(name)?.get();
      return (
        metric?.values.find((sample) => Object.entries(labels).every(([k, v]) => sample.labels[k] === v))?.value ?? 0
      );
    };
    const [accepted, rejected, invalid] = [
      await value('weir_ingest_events_total', { result: 'accepted' }),
      await value('weir_ingest_events_total', { result: 'rejected' }),
      await value('weir_ingest_rejected_total', { code: 'event.in_future' }),
    ];
    await intake.post(lines(transaction(), transaction(), transaction({}, { time: '2999-01-01T00:00:00Z' })), NDJSON);
    expect(await value('weir_ingest_events_total', { result: 'accepted' })).toBe(accepted + 2);
    expect(await value('weir_ingest_events_total', { result: 'rejected' })).toBe(rejected + 1);
    expect(await value('weir_ingest_rejected_total', { code: 'event.in_future' })).toBe(invalid + 1);
    expect(await value('weir_ingest_requests_in_work', {})).toBe(0);
    expect(await value('weir_ingest_body_bytes_held', {})).toBe(0);
  });
});

describe('the NATS subject weir.intake.events', () => {
  it('takes the same bodies and replies the same', async () => {
    const events = Array.from({ length: 6 }, () => transaction());
    const [a, b, c, d, e, f] = events;
    expect(await intake.ask(JSON.stringify(a))).toEqual({ status: 202, accepted: 1, rejected: 0, errors: [] });
    expect((await intake.ask(JSON.stringify([b, c]))).accepted).toBe(2);
    expect((await intake.ask(lines(d, e, { type: 'x' }))).errors).toMatchObject([
      { index: 2, code: 'event.unknown_type' },
    ]);
    expect((await intake.ask(gzipSync(JSON.stringify(f)))).accepted).toBe(1);
    expect(await stored(events)).toEqual(events.map(({ id }) => id));
  });

  it('replies within one message however much it refuses', async () => {
    const good = transaction();
    const reply = await intake.ask(`${'{"type":"nothing of the kind"}\n'.repeat(6_000)}${JSON.stringify(good)}`);
    expect(reply).toMatchObject({ accepted: 1, rejected: 6_000 });
    expect(reply.errors.length).toBeGreaterThan(100);
    expect(await stored([good])).toHaveLength(1);
  });

  it('refuses with a problem and its status', async () => {
    expect(await intake.ask(JSON.stringify(transaction({ amount: -5 })))).toMatchObject({
      status: 400,
      code: 'event.invalid',
    });
    expect(await intake.ask(randomBytes(300))).toMatchObject({ status: 400, accepted: 0 });
    expect(await intake.ask(gzipSync(Buffer.alloc(40_000_000)))).toMatchObject({ status: 413, code: 'body.too_large' });
    expect(await intake.ask(Buffer.from([0x1f, 0x8b, 1]))).toMatchObject({ status: 400, code: 'body.bad_encoding' });
    expect(await intake.ask('')).toMatchObject({ status: 400, code: 'body.empty' });
    const [record] = (await intake.quarantined()).slice(-1);
    expect(record).toMatchObject({ origin: 'nats', producer: 'weir.intake.events' });
  });
});
