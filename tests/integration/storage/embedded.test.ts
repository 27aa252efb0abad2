import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmbeddedClickHouse } from '../../../storage/embedded/start-embedded-clickhouse.ts';
import { openStore } from '../../../storage/open-store.ts';
import { silentLog, startTestStore, type TestStore } from '../../support/storage/store.ts';
import { until } from '../../support/until.ts';

let t: TestStore;
beforeAll(async () => {
  t = await startTestStore();
});
afterAll(() => t.close());

/** Sends raw bytes and drops the connection, politely or not. */
function sendRaw(bytes: string | Buffer, how: 'end' | 'reset'): Promise<void> {
  return new Promise((done) => {
    const socket = createConnection(t.server.httpPort, '127.0.0.1', () => {
      socket.write(bytes, () => {
        if (how === 'reset') socket.resetAndDestroy();
        else socket.end();
      });
    });
    const timer = setTimeout(() => socket.destroy(), 2_000);
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      done();
    });
  });
}

async function ask(sql: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  const response = await fetch(`${t.server.url}/`, { method: 'POST', body: sql, headers });
  return { status: response.status, text: await response.text() };
}

describe('embedded ClickHouse', () => {
  test('leaves the permissions of /dev/null as they are', async () => {
    const before = (await stat('/dev/null')).mode;
    const dataDir = await mkdtemp(join(tmpdir(), 'weir-store-'));
    const options = { dataDir, memoryBytesMax: 1e9, log: silentLog, user: 'weir', database: 'weir' };
    await (await startEmbeddedClickHouse(options)).stop();
    await rm(dataDir, { recursive: true, force: true });
    expect((await stat('/dev/null')).mode).toBe(before);
  });

  test('survives malformed requests, half requests and connection resets', async () => {
    const { pid } = t.server;
    const garbage = [
      'GET\r\n\r\n',
      '\u0000\u0001\u0002\u0003',
      'POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nSELECT',
      `GET /?${'q'.repeat(200_000)} HTTP/1.1\r\n\r\n`,
      `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(20_000)}`,
      'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      'OPTIONS * HTTP/9.9\r\n\r\n',
      Buffer.from(Array.from({ length: 4_096 }, (_, i) => (i * 31) % 256)),
    ];
    for (let round = 0; round < 5; round++) {
      await Promise.all(garbage.flatMap((bytes) => [sendRaw(bytes, 'end'), sendRaw(bytes, 'reset')]));
    }
    await Promise.all(Array.from({ length: 100 }, () => sendRaw('', 'reset')));
    expect(await t.store.query('alive', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(t.server.pid).toBe(pid);
    expect(() => process.kill(pid, 0)).not.toThrow();
  });

  test('gives nothing to anonymous callers, to `default`, or to a wrong password', async () => {
    for (const headers of [
      {},
      { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': '' },
      { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': t.server.password },
      { 'X-ClickHouse-User': t.server.user, 'X-ClickHouse-Key': 'wrong' },
      { 'X-ClickHouse-User': t.server.user, 'X-ClickHouse-Key': '' },
    ]) {
      for (const sql of ['SELECT 1', 'SELECT * FROM weir.transactions', 'SYSTEM STOP LISTEN HTTP']) {
        const { status, text } = await ask(sql, headers);
        expect(status).toBeGreaterThanOrEqual(400);
        expect(text).toMatch(/Code: (194|516|700)/);
      }
    }
  });

  test("Weir's own user cannot read files or other addresses, nor make users", async () => {
    for (const sql of [
      "SELECT * FROM file('/etc/passwd', 'LineAsString')",
      "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
      "CREATE TABLE stolen (a String) ENGINE = File('LineAsString', '/etc/passwd')",
      "CREATE USER mallory IDENTIFIED BY 'x'",
      'CREATE DATABASE other',
    ]) {
      await expect(t.store.execute(sql)).rejects.toMatchObject({ code: 'store.query_failed' });
    }
  });

  test('keeps its data over kill -9 and serves old clients on the same port', async () => {
    await t.store.execute('CREATE TABLE IF NOT EXISTS kept (a UInt32) ENGINE = MergeTree ORDER BY a');
    await t.store.execute('INSERT INTO kept VALUES (7)');
    await t.kill();
    await expect(t.store.query('gone', 'SELECT 1')).rejects.toMatchObject({ code: 'store.unavailable' });
    await t.restart();
    expect(await t.store.query('kept', 'SELECT a FROM kept')).toEqual([{ a: 7 }]);
    await t.store.execute('DROP TABLE kept');
  });

  test('refuses a second server on its directory, and says when its port is taken', async () => {
    const options = { memoryBytesMax: 1e9, log: silentLog, user: 'weir', database: 'weir' };
    await expect(startEmbeddedClickHouse({ ...options, dataDir: t.dataDir })).rejects.toMatchObject({
      code: 'part.not_ready',
    });
    const dataDir = await mkdtemp(join(tmpdir(), 'weir-store-port-'));
    await expect(startEmbeddedClickHouse({ ...options, dataDir, httpPort: t.server.httpPort })).rejects.toMatchObject({
      code: 'part.not_ready',
      message: expect.stringContaining('already in use'),
    });
    await rm(dataDir, { recursive: true, force: true });
    expect(await t.store.query('alive', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('an answer that is too large or too slow is an error, never a part of it', async () => {
    await expect(t.store.query('large', 'SELECT number FROM numbers(1000)', {}, { rowsMax: 10 })).rejects.toMatchObject(
      { code: 'store.query_failed' },
    );
    const slow = t.store.query(
      'slow',
      'SELECT sleepEachRow(0.1) FROM numbers(200) SETTINGS max_block_size = 1',
      {},
      { timeoutMs: 500 },
    );
    await expect(slow).rejects.toMatchObject({ code: 'store.unavailable' });
  });

  test('a store that does not answer is a coded error', async () => {
    const options = { url: 'http://127.0.0.1:9', user: 'u', password: 'p', database: 'd', log: silentLog };
    await expect(openStore({ ...options, readyTimeoutMs: 100 })).rejects.toMatchObject({ code: 'store.unavailable' });
  });
});

describe('the life line', () => {
  test('ClickHouse leaves when its parent is killed', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'weir-store-life-'));
    const source = fileURLToPath(new URL('../../../storage/embedded/start-embedded-clickhouse.ts', import.meta.url));
    const script = `import { startEmbeddedClickHouse } from ${JSON.stringify(source)};
const log = { info() {}, warn() {}, error() {} };
const server = await startEmbeddedClickHouse({ dataDir: ${JSON.stringify(dataDir)}, memoryBytesMax: 1e9, log, user: 'weir', database: 'weir' });
process.stdout.write('pid ' + server.pid + '\\n');
setInterval(() => undefined, 1000);`;
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const parent: ChildProcess = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    parent.stdout?.on('data', (chunk) => {
      output += String(chunk);
    });
    const pid = await until('the pid', 30_000, () => Number(/pid (\d+)/.exec(output)?.[1] ?? 0));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await until('ClickHouse to leave', 10_000, () => !isAlive(pid));
    await rm(dataDir, { recursive: true, force: true });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
