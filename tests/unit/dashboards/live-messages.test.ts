import { describe, expect, it } from 'vitest';
import { createAlertFeed } from '../../../dashboards/live/alert-feed.ts';
import { createFrameStore } from '../../../dashboards/live/frame-store.ts';
import { readMessage } from '../../../dashboards/live/read-message.ts';
import { readToken } from '../../../dashboards/session/read-token.ts';
import { makeIncrement, makeSnapshot, NOW_MS } from './kpi-cells.ts';

const makeAlert = (id: number) => ({
  type: 'alert' as const,
  cursor: `${id}.0`,
  data: {
    alertId: `a${id}`,
    eventId: `t${id}`,
    customer: 'c-1',
    time: new Date(NOW_MS).toISOString(),
    decision: 'review' as const,
    score: 60,
    amount: 100,
    currency: 'CNY',
    merchantId: '',
    reasons: [],
    businessLine: 'B2C',
    channel: 'app',
    region: '',
  },
});

describe('messages of the socket', () => {
  it('are taken when their shape is known', () => {
    for (const message of [
      makeSnapshot(1, []),
      makeIncrement(2, []),
      makeAlert(1),
      { type: 'subscribed', channel: 'kpis' },
      { type: 'ok', for: 'auth' },
      { type: 'error', code: 'x', message: 'y' },
    ]) {
      expect(readMessage(JSON.stringify(message))).toEqual(message);
    }
  });

  it('are left alone when it is not', () => {
    const strange = [
      'not json',
      'null',
      '[]',
      '{"type":"toString"}',
      '{"type":"kpis","position":1,"data":{"mode":"increment"}}',
      '{"type":"kpis","position":1,"data":{"mode":"increment","cells":[{}]}}',
      '{"type":"offer","cursor":"1.0","data":{}}',
      '{"type":"alert","cursor":"1.0","data":{"alertId":"a"}}',
    ];
    for (const text of [...strange, undefined, new ArrayBuffer(2)]) expect(readMessage(text)).toBeUndefined();
  });
});

describe('the alert feed', () => {
  it('shows each alert once, newest first, and keeps only so many', () => {
    const feed = createAlertFeed(3);
    for (const id of [1, 2, 2, 3, 4, 5]) feed.apply(makeAlert(id));
    expect(feed.alerts.map((alert) => alert.alertId)).toEqual(['a5', 'a4', 'a3']);
    expect(feed.received).toBe(5);
    expect(feed.cursor).toBe('5.0');
  });

  it('puts earlier alerts below those that came live, without repeating one', () => {
    const feed = createAlertFeed(4);
    feed.apply(makeAlert(9));
    feed.seed([makeAlert(9).data, makeAlert(8).data, makeAlert(7).data]);
    expect(feed.alerts.map((alert) => alert.alertId)).toEqual(['a9', 'a8', 'a7']);
    expect(feed.received).toBe(1);
  });
});

describe('the frame store', () => {
  const makeFrames = () => {
    const waiting: ((nowMs: number) => void)[] = [];
    return {
      requestFrame: (callback: (nowMs: number) => void) => void waiting.push(callback),
      run: (nowMs: number) => {
        for (const callback of waiting.splice(0)) callback(nowMs);
      },
    };
  };

  it('notifies once a frame however many messages came', () => {
    const frames = makeFrames();
    let value = 0;
    let notified = 0;
    const store = createFrameStore(() => value, { scheduler: frames });
    store.subscribe(() => notified++);
    for (; value < 1_000; value++) store.markChanged();
    expect(store.getSnapshot()).toBe(0);
    frames.run(16);
    expect([store.getSnapshot(), notified]).toEqual([1_000, 1]);
  });

  it('waits for its interval and loses nothing meanwhile', () => {
    const frames = makeFrames();
    let value = 1;
    const store = createFrameStore(() => value, { minIntervalMs: 250, scheduler: frames });
    store.markChanged();
    frames.run(1_000);
    value = 2;
    store.markChanged();
    frames.run(1_100);
    expect(store.getSnapshot()).toBe(1);
    frames.run(1_250);
    expect(store.getSnapshot()).toBe(2);
  });
});

describe('a token', () => {
  const encode = (claims: unknown) => Buffer.from(JSON.stringify(claims)).toString('base64url');

  it('tells role, subject and expiry, with or without the word Bearer', () => {
    const token = `h.${encode({ role: 'app', sub: '客户-1', exp: 2_000_000_000 })}.s`;
    const claims = { token, role: 'app', sub: '客户-1', expiresMs: 2_000_000_000_000 };
    expect(readToken(token)).toEqual(claims);
    expect(readToken(` Bearer ${token}\n`)).toEqual(claims);
  });

  it('is none without the claims that pages need', () => {
    for (const text of ['', 'abc', 'a.b.c', `a.${encode({ sub: 'x', exp: 1 })}.c`, `a.${encode(null)}.c`]) {
      expect(readToken(text)).toBeUndefined();
    }
  });
});
