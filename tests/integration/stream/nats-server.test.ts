import { spawn } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectStream } from '../../../stream/connection.ts';
import { startNatsServer } from '../../../stream/embedded/nats-server.ts';
import { type NatsFixture, startNats } from '../../support/stream/nats.ts';

const log = pino({ level: 'silent' });

let nats: NatsFixture;
beforeEach(async () => {
  nats = await startNats(false);
});
afterEach(() => nats.stop());

describe('the embedded nats-server', () => {
  it('keeps its password in a file that only its owner can read', async () => {
    const config = join(nats.dataDir, 'nats', 'nats-server.conf');
    expect((await stat(config)).mode & 0o777).toBe(0o600);
    const commandLine = await readFile(`/proc/${nats.server().pid}/cmdline`, 'utf8');
    expect(commandLine).not.toContain(nats.password);
  });

  it('refuses a client with the wrong password at once', async () => {
    await expect(
      connectStream({ url: nats.url, user: nats.user, password: 'wrong', name: 'thief', log }),
    ).rejects.toMatchObject({ code: 'part.not_ready' });
  });

  it('listens on loopback only', async () => {
    const port = nats.server().port.toString(16).toUpperCase().padStart(4, '0');
    const sockets = (await readFile('/proc/net/tcp', 'utf8')) + (await readFile('/proc/net/tcp6', 'utf8'));
    const listening = sockets.split('\n').filter((line) => line.includes(`:${port} `) && / 0A /.test(line));
    expect(listening.map((line) => line.trim().split(/\s+/)[1])).toEqual([`0100007F:${port}`]);
  });

  it('comes back on the same port after a kill, and the connection with it', async () => {
    const c = await nats.connect();
    await nats.kill();
    await expect(nats.server().exited).resolves.toEqual({ code: null, signal: 'SIGKILL' });
    const portBefore = nats.server().port;
    await nats.restart();
    expect(nats.server().port).toBe(portBefore);
    await c.whenConnected();
    expect(c.isConnected()).toBe(true);
  });

  it('is ended when it switches JetStream off and would stay up, and comes back with its log', async () => {
    const c = await nats.connect();
    await c.manager.streams.add({ name: 'KEPT', subjects: ['kept'] });
    await c.jetstream.publish('kept', 'before');
    const config = join(nats.dataDir, 'nats', 'nats-server.conf');
    const text = await readFile(config, 'utf8');
    await writeFile(config, text.replace(/jetstream \{[^}]*\}/, 'jetstream: disabled'));
    const { pid, exited } = nats.server();
    process.kill(pid, 'SIGHUP');
    // Nobody else ends it: without that, this would never resolve.
    await exited;
    await nats.restart();
    await c.whenConnected();
    expect((await c.manager.streams.info('KEPT')).state.messages).toBe(1);
  });

  it('says that it was asked to stop, where it was, instead of that JetStream is off', async () => {
    const lines: string[] = [];
    const dataDir = join(nats.dataDir, 'asked');
    const server = await startNatsServer({
      dataDir,
      user: 'u',
      password: 'p',
      log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
    });
    await server.stop();
    expect(lines.some((line) => line.includes('Initiating JetStream Shutdown'))).toBe(true);
    expect(lines.filter((line) => line.includes('switched JetStream off'))).toEqual([]);
  });

  it('is ended and replaced when the supervisor that started it was killed', async () => {
    const script = `
      import { pino } from ${JSON.stringify(pathToFileURL(join(process.cwd(), 'node_modules/pino/pino.js')).href)};
      import { startNatsServer } from ${JSON.stringify(pathToFileURL(join(process.cwd(), 'stream/embedded/nats-server.ts')).href)};
      const server = await startNatsServer({ dataDir: process.argv[1], user: 'u', password: 'p', log: pino.default({ level: 'silent' }) });
      console.log(JSON.stringify({ pid: server.pid, port: server.port }));
      setInterval(() => {}, 1000);
    `;
    const dataDir = join(nats.dataDir, 'second');
    const supervisor = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const first: { pid: number; port: number } = await new Promise((resolve, reject) => {
      supervisor.stdout.once('data', (bytes: Buffer) => resolve(JSON.parse(bytes.toString())));
      supervisor.once('exit', () => reject(new Error('the supervisor ended')));
    });

    // While its supervisor lives, nobody else may take the directory.
    await expect(startNatsServer({ dataDir, user: 'u', password: 'p', log })).rejects.toMatchObject({
      code: 'part.not_ready',
    });
    expect(await isAlive(first.pid)).toBe(true);

    const gone = new Promise((resolve) => supervisor.once('exit', resolve));
    supervisor.kill('SIGKILL');
    await gone;
    expect(await isAlive(first.pid)).toBe(true);
    const second = await startNatsServer({ dataDir, port: first.port, user: 'u', password: 'p', log });
    expect(second.pid).not.toBe(first.pid);
    expect(await isAlive(first.pid)).toBe(false);
    await second.stop();
    expect(await isAlive(second.pid)).toBe(false);
  });
});

/** A process that ended and that nobody has reaped is a zombie, not alive. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !stat.includes(') Z ');
}
