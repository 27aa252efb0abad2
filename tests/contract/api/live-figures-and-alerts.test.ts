/** Figures and alerts over `/v1/live`: where each starts, and that what follows joins it exactly. */
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { ServerMessage as ServerMessageSchema } from '../../../api/live/messages.ts';
import type { KpiDelta } from '../../../core/outcomes/outcome.ts';
import { alert, kpi, typesOf } from '../../support/api/live-outcomes.ts';
import { createMemoryOutcomes, type LiveClient, startLiveWorld } from '../../support/api/live-world.ts';
import { until } from '../../support/until.ts';

describe('figures', () => {
  it('start with a snapshot and go on with what is gained, at most four times a second', async () => {
    const log = createMemoryOutcomes();
    log.append([kpi({ transactions: 5, volume: 500 })]);
    log.store();
    const world = await startLiveWorld(log);
    const client = await world.connect('manager');
    const stop = setInterval(() => log.append([kpi()]), 5);
    client.send({ type: 'subscribe', channel: 'kpis', by: 'businessLine' });
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    clearInterval(stop);
    await until('the end', 20_000, () => client.messages.some((m) => m.type === 'kpis' && m.position === log.lastSeq));
    const kpis = client.messages.filter((message) => message.type === 'kpis');
    expect(kpis.length).toBeLessThanOrEqual(12);
    expect(kpis.length).toBeGreaterThan(5);
    const [snapshot, ...increments] = kpis.map(({ data }) => data);
    if (snapshot?.mode !== 'snapshot') throw new Error('no snapshot came first');
    let transactions = snapshot.minutes.reduce((sum, cell) => sum + cell.transactions, 0);
    expect(snapshot.seconds.reduce((sum, cell) => sum + cell.transactions, 0)).toBe(transactions);
    for (const data of increments) {
      if (data.mode !== 'increment') throw new Error('a second snapshot came');
      for (const cell of data.cells) {
        transactions += cell.transactions;
        expect(cell).toMatchObject({ key: 'B2C', currency: 'CNY' });
      }
    }
    expect(transactions).toBe(5 + (log.lastSeq - 1));
    await client.end();
    await world.close();
  });

  it('join their snapshot exactly for sockets that come at any moment, for every grouping', {
    timeout: 30_000,
  }, async () => {
    const log = createMemoryOutcomes();
    const world = await startLiveWorld(log);
    const lines = ['B2B', 'B2C', ''];
    let n = 0;
    const feed = setInterval(() => {
      n++;
      log.append([
        kpi({
          businessLine: lines[n % 3] ?? '',
          channel: n % 2 ? 'app' : 'pos',
          volume: n,
          secondMs: Math.floor(Date.now() / 1_000) * 1_000 - (n % 90) * 1_000,
        }),
      ]);
      if (n % 50 === 0) log.store(n - 20);
    }, 2);
    const clients: { client: LiveClient; by: string | undefined }[] = [];
    for (const by of [undefined, 'businessLine', 'channel', 'region', 'currency', undefined, 'businessLine']) {
      const client = await world.connect('analyst');
      client.send({ type: 'subscribe', channel: 'kpis', ...(by !== undefined && { by }) });
      clients.push({ client, by });
      await new Promise((resolve) => setTimeout(resolve, 90));
    }
    clearInterval(feed);
    for (const { client } of clients) {
      await until('the end', 20_000, () =>
        client.messages.some((m) => m.type === 'kpis' && m.position === log.lastSeq),
      );
    }
    const dimension = (gain: KpiDelta | ReturnType<typeof log.gains>[number], by: string | undefined): string =>
      by === undefined ? '' : String(gain[by as 'businessLine']);
    for (const { client, by } of clients) {
      const sums = new Map<string, number>();
      for (const message of client.messages) {
        if (message.type !== 'kpis') continue;
        const cells = message.data.mode === 'snapshot' ? message.data.minutes : message.data.cells;
        for (const cell of cells) sums.set(cell.key, (sums.get(cell.key) ?? 0) + cell.volume);
      }
      const wanted = new Map<string, number>();
      for (const gain of log.gains(log.lastSeq))
        wanted.set(dimension(gain, by), (wanted.get(dimension(gain, by)) ?? 0) + gain.volume);
      expect([...sums].sort()).toEqual([...wanted].sort());
    }
    await Promise.all(clients.map(({ client }) => client.end()));
    await world.close();
  });
});

describe('alerts', () => {
  it('come live without a backlog, and after a cursor with one, exactly', async () => {
    const log = createMemoryOutcomes();
    const world = await startLiveWorld(log, {
      env: { WEIR_RESUME_OFFERS_MAX: '2' },
      limits: { offers: { itemsKept: 3, itemsMax: 400 }, alerts: { itemsKept: 3, itemsMax: 400 } },
    });
    for (let i = 0; i < 10; i++) log.append([alert(), alert()]);
    log.store(7);
    await until('the hub', 20_000, () => world.hub.outcomeSeq === 10);
    const live = await world.connect('analyst');
    const resumed = await world.connect('approver');
    live.send({ type: 'subscribe', channel: 'alerts' });
    resumed.send({ type: 'subscribe', channel: 'alerts', cursor: '2.0' });
    await until('both', 20_000, () => [live, resumed].every((client) => typesOf(client).includes('subscribed')));
    log.append([alert()]);
    const cursors = (client: LiveClient): string[] =>
      client.messages.flatMap((m) => (m.type === 'alert' ? [m.cursor] : []));
    await until('all', 20_000, () => cursors(live).includes('11.0') && cursors(resumed).includes('11.0'));
    expect(cursors(live)).toEqual(['11.0']);
    const wanted = ['2.1', ...Array.from({ length: 8 }, (_, i) => [`${i + 3}.0`, `${i + 3}.1`]).flat(), '11.0'];
    expect(cursors(resumed)).toEqual(wanted);
    const schema = Compile(ServerMessageSchema);
    for (const message of [...live.messages, ...resumed.messages]) expect(schema.Check(message)).toBe(true);
    await Promise.all([live.end(), resumed.end()]);
    await world.close();
  });
});
