import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replayFile } from '../../../loadtest/replay/replay-file.ts';
import type { ReplayOptions, ReplayResult } from '../../../loadtest/replay/replay-options.ts';
import { startIntakeDouble } from './intake-double.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-replay-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Sent {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly subject: string;
  readonly data: Record<string, unknown>;
}

async function replay(
  name: string,
  content: string | Buffer,
  options: Partial<ReplayOptions> = {},
): Promise<{ events: Sent[]; result: ReplayResult; repetitions: number }> {
  const file = join(directory, name);
  await writeFile(file, content);
  const server = await startIntakeDouble();
  try {
    const result = await replayFile({ file, baseUrl: server.baseUrl, token: 't', ...options });
    await replayFile({ file, baseUrl: server.baseUrl, token: 't', ...options });
    return { events: server.events as unknown as Sent[], result, repetitions: server.repetitions };
  } finally {
    await server.close();
  }
}

const FDH = `TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_TIME_SECONDS,TX_TIME_DAYS,TX_FRAUD,TX_FRAUD_SCENARIO
10,2018-04-01 00:00:31,596,3156,57.16,31,0,0,0
11,2018-04-01 00:02:10,4961,3412,87.26000000000001,130,0,1,3
12,2018-04-09 00:02:10,4961,3412,146.0,130,0,0,0
`;
const SPARKOV = `trans_date_trans_time,cc_num,merchant,category,amt,first,last,gender,street,city,state,zip,lat,long,city_pop,job,dob,trans_num,unix_time,merch_lat,merch_long,is_fraud
2024-01-01 00:09:35,4000111122223333,"fraud_Ash, Birch and Co",grocery_pos,45.65,Ada,Low,F,1 Elm Row,Northtown,WA,98000,47.1,-122.1,1000,"Engineer, civil",1977-11-18,aa01,1704067775,48.2,-121.9,0
2024-01-01 00:13:53,4000111122223333,fraud_Cedar LLC,misc_net,0.29,Ada,Low,F,1 Elm Row,Northtown,WA,98000,47.1,-122.1,1000,"Engineer, civil",1977-11-18,aa02,1704068033,46.5,-124.3,1
`;
const TABFORMER = `User,Card,Year,Month,Day,Time,Amount,Use Chip,Merchant Name,Merchant City,Merchant State,Zip,MCC,Errors?,Is Fraud?
7,0,2002,9,1,06:21,$134.09,Swipe Transaction,111,Riverton,CA,91750.0,5300,,No
7,0,2002,9,1,06:21,$134.09,Swipe Transaction,111,Riverton,CA,91750.0,5300,,No
7,0,2003,9,5,13:17,$-99.00,Swipe Transaction,222,Riverton,CA,91752.0,5541,,No
7,1,2002,9,3,20:41,$53.91,Online Transaction,-333,ONLINE,,,4900,"Bad PIN,Insufficient Balance",Yes
`;

describe('replaying a file', () => {
  it('reads the handbook set: exact cents, float noise rounded and counted, labels a week of event time later', async () => {
    const { events, result, repetitions } = await replay('fdh.csv.gz', gzipSync(FDH), { labels: true });
    expect(result).toMatchObject({ format: 'fdh', rows: 3, accepted: 6, rounded: 1, unreadable: 0 });
    expect(events.map((event) => [event.type, event.data.amount ?? event.data.transactionId])).toEqual([
      ['transaction', 5_716],
      ['transaction', 8_726],
      ['label', 'fdh-10'],
      ['label', 'fdh-11'],
      ['transaction', 14_600],
      ['label', 'fdh-12'],
    ]);
    expect(events[3]).toMatchObject({ time: '2018-04-08T00:02:10.000Z', data: { fraud: true, note: 'scenario 3' } });
    expect(repetitions).toBe(6);
  });

  it('reads Sparkov by unix_time and lets no card number out', async () => {
    const { events, result } = await replay('sparkov.csv', SPARKOV);
    expect(result).toMatchObject({ format: 'sparkov', accepted: 2 });
    expect(events[0]).toMatchObject({
      time: '2024-01-01T00:09:35.000Z',
      data: { amount: 4_565, channel: 'pos', merchant: { name: 'Ash, Birch and Co', mcc: '5411', lat: 48.2 } },
    });
    expect(events[1]?.data).toMatchObject({ amount: 29, channel: 'web' });
    expect(events[0]?.subject).toBe(events[1]?.subject);
    expect(JSON.stringify(events)).not.toContain('4000111122223333');
    const { events: other } = await replay('sparkov.csv', SPARKOV, { tokenKey: 'another key' });
    expect(other[0]?.subject).not.toBe(events[0]?.subject);
  });

  it('reads TabFormer: refunds, declines with their reason, one clock over all cards of a user', async () => {
    const { events, result } = await replay('tabformer.csv', TABFORMER);
    expect(result).toMatchObject({ format: 'tabformer', accepted: 4 });
    expect(new Set(events.map((event) => event.id)).size).toBe(4);
    expect(events.map((event) => event.time.slice(0, 10))).toEqual([
      '2002-09-01',
      '2002-09-01',
      '2002-09-03',
      '2003-09-05',
    ]);
    expect(events[2]?.data).toMatchObject({
      status: 'declined',
      declineReason: 'Bad PIN,Insufficient Balance',
      channel: 'web',
    });
    expect(events[3]?.data).toMatchObject({ kind: 'refund', amount: 9_900, status: 'approved' });
  });

  it('reads traces as locations, two fixes of one second included', async () => {
    const trace = `datetime_gmt,uid,trajectory,lat,lng,altitude_ft
2007-08-04 03:30:32,010,20070804033032,39.921712,116.472343,13
2007-08-04 03:30:32,010,20070804033032,39.921712,116.472343,13
2007-08-04 03:30:33,010,20070804033032,99.9,116.472343,13
`;
    const { events, result } = await replay('trace.csv', trace, { profiles: true });
    expect(result).toMatchObject({ format: 'geolife', accepted: 3, unreadable: 1 });
    expect(events.map((event) => event.type)).toEqual(['profile', 'location', 'location']);
    expect(events[1]).toMatchObject({ subject: 'geolife-010', data: { lat: 39.921712, lon: 116.472343 } });
  });

  it('reads places by their WGS-84 columns and takes the rest from the options or the name', async () => {
    const hotels = 'uid,name,lat,lng,area,lat_wgs84,lng_wgs84\nh1,云上酒店,39.96,116.37,X,39.95,116.36\n';
    const { events } = await replay('some.csv', hotels, { place: { discount: 15 } });
    expect(events[0]).toMatchObject({
      type: 'place',
      subject: 'place-h1',
      data: { category: 'hotel', lat: 39.95, lon: 116.36, discount: 15 },
    });
    const stores = 'group,brand,name,lat,lng,lat_wgs84,lng_wgs84\npub,ATM,某银行自助银行,31.2,121.4,31.1,121.3\n';
    expect((await replay('stores.csv', stores)).events[0]?.data.category).toBe('atm');
  });

  it('reads plain CSV under the names of the contract', async () => {
    const csv = `id,time,subject,amount,currency,merchant.id,merchant.lat,consents.marketing,x
a,2026-01-01T00:00:00+08:00,c-1,1250,CNY,m-1,31.2,,
b,2026-01-01 00:00:01,c-1,12.50,CNY,m-1,31.2,,
`;
    const { events, result } = await replay('plain.csv', csv);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      type: 'transaction',
      data: { amount: 1_250, merchant: { id: 'm-1', lat: 31.2 } },
    });
    expect(result.problems).toEqual([{ line: 3, reason: 'amount "12.50" is no integer (money is in minor units)' }]);
  });

  it('sends NDJSON lines as they stand', async () => {
    const line =
      '{"type":"location","id":"l1","source":"s","time":"2026-01-01T00:00:00Z","subject":"c","data":{"lat":1,"lon":2,"x":1e2}}';
    const { events, result } = await replay('events.ndjson', `\n${line}\n{"broken\n\n{"id":"no time"}\n`);
    expect(events).toEqual([JSON.parse(line)]);
    expect(result).toMatchObject({ format: 'ndjson', rows: 3, accepted: 1, unreadable: 2 });
    expect(result.problems.map((problem) => problem.line)).toEqual([3, 5]);
  });

  it('reports each row that cannot be read with its line, and loses no other', async () => {
    const rows = FDH.trimEnd().split('\n');
    const bad = [
      rows[0],
      '1,2018-04-01 00:00:31,596',
      '2,2018-02-30 00:00:31,5,6,1.00,31,0,0,0',
      rows[1],
      '3,"2018-04-01 00:00:31,5,6,1.00,31,0,0,0',
      rows[2],
      '4,2018-04-01 00:00:31,5,6,1.0.0,31,0,0,0',
      rows[3],
    ].join('\r\n');
    const { events, result } = await replay('bad.csv', bad);
    expect(events.map((event) => event.id)).toEqual(['fdh-10', 'fdh-11', 'fdh-12']);
    expect(result.unreadable).toBe(4);
    expect(result.problems.map((problem) => problem.line).sort()).toEqual([2, 3, 5, 7]);
  });

  it('reports a gzip file that breaks off, and bytes that are no text', async () => {
    const whole = gzipSync(FDH + FDH.slice(FDH.indexOf('\n') + 1).repeat(2_000), { level: 0 });
    const { result } = await replay('short.csv.gz', whole.subarray(0, whole.length / 2));
    expect(result.accepted).toBeGreaterThan(0);
    expect(result.problems.some((problem) => problem.reason.includes('breaks off'))).toBe(true);
    const { result: binary } = await replay(
      'bytes.csv',
      Buffer.concat([Buffer.from(FDH), Buffer.from([0xff, 0xfe, 0x0a])]),
    );
    expect(binary).toMatchObject({ accepted: 3, unreadable: 1 });
  });

  it('refuses a header that it does not know', async () => {
    await expect(replay('what.csv', 'a,b,c\n1,2,3\n')).rejects.toMatchObject({ code: 'request.invalid' });
  });

  it('paces by event time', async () => {
    const line = (id: number) =>
      `{"type":"location","id":"${id}","source":"s","time":"2026-01-01T00:00:0${id}Z","subject":"c","data":{"lat":1,"lon":2}}`;
    const file = join(directory, 'paced.ndjson');
    await writeFile(file, [0, 1, 2, 3].map(line).join('\n'));
    const server = await startIntakeDouble();
    const result = await replayFile({ file, baseUrl: server.baseUrl, token: 't', speed: '10x' });
    await server.close();
    expect(result.accepted).toBe(4);
    expect(result.seconds).toBeGreaterThan(0.27);
  });
});
