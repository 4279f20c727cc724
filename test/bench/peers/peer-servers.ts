import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { residentMb } from '../process-memory.ts';
import { freePort } from '../../support/free-port.ts';

const lookEveryMs = 10;

/**
 * What the peers need: their packages beside this file, and the servers of the system. What is missing is installed where this process may do that.
 *
 * @returns for a person, one sentence for each thing that is missing and can't be installed here
 */
export function installPeers(progress: (line: string) => void): readonly string[] {
  const missing: string[] = [];
  if (!isInstalled('redis-server') && !installPackage('redis-server', progress)) missing.push('Redis is not installed (apt-get install redis-server): BullMQ on Redis was left out.');
  const hasPostgres = (): boolean => (process.env['POSTGRES_BIN'] ?? '') !== '' || globSync('/usr/lib/postgresql/*/bin/postgres').length > 0 || isInstalled('postgres');
  if (!hasPostgres() && !installPostgres(progress)) missing.push('Postgres is not installed (apt-get install postgresql): whatever runs on it was left out.');
  if (!existsSync(path.join(import.meta.dirname, 'node_modules'))) {
    progress('installs the packages of the peers');
    const npm = process.env['npm_execpath'];
    const done = spawnSync(npm === undefined ? 'npm' : process.execPath, [...(npm === undefined ? [] : [npm]), 'ci', '--ignore-scripts'], { cwd: import.meta.dirname, stdio: ['ignore', 'ignore', 'inherit'] });
    if (done.status !== 0) missing.push('The packages of the peers could not be installed (npm ci in test/bench/peers): only Sluice was measured.');
  }
  return missing;
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** The system's own server, which the package would make and start, is left out. */
function installPostgres(progress: (line: string) => void): boolean {
  if (process.getuid?.() !== 0) return false;
  mkdirSync('/etc/postgresql-common/createcluster.d', { recursive: true });
  writeFileSync('/etc/postgresql-common/createcluster.d/none.conf', 'create_main_cluster = false\n');
  return installPackage('postgresql', progress);
}

/** False where this process may not, or the system has another way. */
function installPackage(name: string, progress: (line: string) => void): boolean {
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) return false;
  progress(`installs ${name}`);
  const apt = (...args: readonly string[]): boolean => spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status === 0;
  return apt('update', '-q') && apt('install', '-yq', '--no-install-recommends', name);
}

/** `everysec`: what was written within the last second may be lost by a power cut. `always`: nothing that was answered. */
export type RedisSync = 'everysec' | 'always';

/** A new Redis on loopback, with an append-only file, that is gone when `work` has ended. */
export async function withRedis<Value>(sync: RedisSync, work: (redis: PeerRedis) => Promise<Value>): Promise<Value> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-bench-redis-'));
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', sync];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const exited = once(child, 'exit');
  try {
    return await work(await PeerRedis.connected(child, port));
  } finally {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  }
}

export class PeerRedis {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #socket: Socket;

  private constructor(child: ChildProcess, socket: Socket, port: number) {
    this.url = `redis://127.0.0.1:${port}`;
    this.#child = child;
    this.#socket = socket;
  }

  static async connected(child: ChildProcess, port: number): Promise<PeerRedis> {
    while (child.exitCode === null) {
      const socket = await opened(port);
      if (socket !== undefined) return new PeerRedis(child, socket, port);
      await delay(lookEveryMs);
    }
    throw new Error(`Redis ended with ${child.exitCode}`);
  }

  get residentMb(): number {
    return residentMb(this.#child.pid ?? 0);
  }

  /** Since its start. */
  async commands(): Promise<number> {
    this.#socket.write('INFO stats\r\n');
    const [answer] = (await once(this.#socket, 'data')) as [Buffer];
    return Number(/total_commands_processed:(\d+)/.exec(answer.toString())?.[1]);
  }
}

function opened(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => resolve(undefined));
  });
}
