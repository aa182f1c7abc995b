// Real processes that are killed and started again.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../bootstrap.mjs';

/** A TCP port of the loopback interface that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Asks until the answer is true. */
export async function until(what, probe, { timeoutMs = 300_000, everyMs = 200 } = {}) {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(everyMs)) if (await probe().catch(() => false)) return;
  throw new Error(`${what} did not happen within ${timeoutMs / 1_000} s`);
}

/** A process that comes back when it is killed, until it is told to stop. */
export class Server {
  output = '';
  starts = 0;
  stopping = false;

  constructor(name, command, args, options = {}) {
    Object.assign(this, { name, command, args, options });
    this.start();
  }

  start() {
    if (this.stopping) return;
    this.starts += 1;
    this.child = spawn(this.command, this.args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...this.options });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (data) => { this.output = (this.output + data).slice(-4_000); });
    this.child.once('exit', () => setTimeout(() => this.start(), 300));
  }

  kill(signal = 'SIGKILL') {
    this.child.kill(signal);
  }

  async stop() {
    this.stopping = true;
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const hard = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(hard);
  }
}

export const node = (name, script, args, env) => new Server(name, process.execPath, [join(root, script), ...args], { env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_OPTIONS: process.env.NODE_OPTIONS ?? '', LOG_LEVEL: 'warn', ...env } });

const has = (program) => spawnSync('which', [program]).status === 0;

/** A Redis of its own that keeps every write (those of a killed process are with the system already); undefined where there is no redis-server. */
export async function openRedis(folder) {
  if (!has('redis-server')) return undefined;
  const [port, dir] = [await freePort(), join(folder, 'redis')];
  mkdirSync(dir, { recursive: true });
  const server = new Server('redis', 'redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '']);
  return { server, port, url: `redis://127.0.0.1:${port}` };
}

/** A PostgreSQL of its own; undefined where there is no initdb. It never runs as root. */
export async function openPostgres(folder) {
  if (!has('initdb') || !has('postgres')) return undefined;
  const [port, dir] = [await freePort(), join(folder, 'postgres')];
  const user = process.getuid() === 0 ? Object.fromEntries(['u', 'g'].map((kind) => [`${kind}id`, Number(spawnSync('id', [`-${kind}`, 'postgres']).stdout.toString())])) : {};
  mkdirSync(dir, { recursive: true });
  if (user.uid) spawnSync('chown', ['postgres', folder, dir]);
  const made = spawnSync('initdb', ['-D', dir, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'], { ...user, cwd: dir });
  if (made.status !== 0) return undefined;
  const server = new Server('postgres', 'postgres', ['-D', dir, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${dir}`], { ...user, cwd: dir });
  return { server, port, url: `postgres://postgres@127.0.0.1:${port}/postgres` };
}
