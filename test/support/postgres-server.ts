import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.ts';
import type { GuardNotice, GuardRequest } from './postgres-guard-program.ts';
import { copyServerFolder, fillServerFolder, findPostgres, makeServerFolder, noPostgres, serverUser, type PostgresInstallation, type ServerUser } from './postgres-installation.ts';
import { SmallDisk } from './small-disk.ts';

const run = promisify(execFile);

export interface PostgresServerOptions {
  /** On by default, as it has to be where a promise about crashes is tested. */
  readonly fsync?: boolean;
  /** Its data is on a disk of its own of that size, see `SmallDisk`: 100 MB are about what a new server and a database take. */
  readonly diskMegabytes?: number;
  /** Further settings of the server, such as `max_connections`. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

export interface PostgresDatabase {
  readonly name: string;
  /** As its owner, an ordinary user. */
  readonly url: string;
  /** As the superuser `postgres`. */
  readonly adminUrl: string;
}

/** `smart` waits for clients, `fast` ends their connections, `immediate` doesn't write anything: the next start has to recover. */
export type ShutdownMode = 'smart' | 'fast' | 'immediate';

const signalOf: Readonly<Record<ShutdownMode, NodeJS.Signals>> = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' };
const owner = 'sluice';
const lookEveryMs = 5;
const startLimitMs = 180_000;

const noDisk = 'the tests of a Postgres whose disk is full need a disk of their own, and this machine mounts none for an ordinary user (Linux with user namespaces does)';
/** Reasons for which tests were skipped, told once each. */
const missed = new Set<string>();

/**
 * Tests that need a real Postgres: `current` gives them a server of their own, which is stopped after them. Where the machine has none they are skipped,
 * and counted as that.
 */
export function describeWithPostgres(title: string, define: (current: () => PostgresServer) => void, options?: PostgresServerOptions): void {
  let server: PostgresServer | undefined;
  const current = (): PostgresServer => {
    if (server === undefined) throw new Error('there is no server outside of the tests');
    return server;
  };
  const why = findPostgres() === undefined ? noPostgres : options?.diskMegabytes !== undefined && !SmallDisk.isPossible() ? noDisk : undefined;
  if (why !== undefined) {
    if (!missed.has(why)) console.log(`Not run: ${why}.`);
    missed.add(why);
    describe.skip(title, () => define(current));
    return;
  }
  describe(title, () => {
    before(async () => {
      server = await PostgresServer.start(options);
    });
    after(() => server?.dispose());
    define(current);
  });
}

/**
 * A real Postgres on loopback, by an ordinary user, with nothing of its own left after `dispose` or the end of this process. It speaks TCP only, and every user needs
 * a password.
 */
export class PostgresServer {
  readonly version: string;
  readonly #options: PostgresServerOptions;
  readonly #folder: string;
  readonly #guard: ChildProcess;
  #disk: SmallDisk | undefined;
  #password = '';
  #port = 0;
  #databases = 0;
  #pid: number | undefined;
  #ended: Promise<GuardNotice> | undefined;

  /** @throws Error if the machine has none, or it can't be started: with its log */
  static start(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    return PostgresServer.#make(options, async (server, installation, user) => {
      await fillServerFolder(server.#folder, installation, user);
      if (options.diskMegabytes !== undefined) await server.#moveToDisk(options.diskMegabytes);
      server.#password = await readFile(path.join(server.#folder, 'password'), 'utf8');
      await server.#startOnFreePort();
      await server.#asAdmin('postgres', [`create role ${owner} login password '${server.#password}'`]);
    });
  }

  static async #make(options: PostgresServerOptions, begin: (server: PostgresServer, installation: PostgresInstallation, user: ServerUser | undefined) => Promise<void>): Promise<PostgresServer> {
    const installation = findPostgres();
    if (installation === undefined) throw new Error(noPostgres);
    const user = serverUser();
    const folder = await makeServerFolder(user);
    const guard = spawn(process.execPath, [path.join(import.meta.dirname, 'postgres-guard-program.ts'), path.join(installation.bin, 'postgres'), folder, JSON.stringify(user ?? {})], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // What a terminal tells all processes of a command is not for it.
      detached: true,
    });
    const server = new PostgresServer({ version: installation.version, options, folder, guard });
    try {
      await begin(server, installation, user);
      return server;
    } catch (error) {
      await server.dispose();
      throw error;
    }
  }

  private constructor(parts: { readonly version: string; readonly options: PostgresServerOptions; readonly folder: string; readonly guard: ChildProcess }) {
    this.#options = parts.options;
    this.#folder = parts.folder;
    this.#guard = parts.guard;
    this.#guard.setMaxListeners(0);
    this.version = parts.version;
  }

  /** That of `diskMegabytes`. */
  get disk(): SmallDisk {
    if (this.#disk === undefined) throw new Error('the server has no disk of its own');
    return this.#disk;
  }

  /** The same over restarts. */
  get port(): number {
    return this.#port;
  }

  /** The server's process; undefined while it doesn't run. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /** What it has written. */
  log(): Promise<string> {
    return readFile(path.join(this.#folder, 'log'), 'utf8');
  }

  /** An empty one, whose owner may do anything in it and nothing else. */
  async newDatabase(): Promise<PostgresDatabase> {
    const name = `test_${++this.#databases}`;
    await this.#asAdmin('postgres', [`create database ${name} owner ${owner}`]);
    return { name, url: this.url({ database: name }), adminUrl: this.url({ user: 'postgres', database: name }) };
  }

  /** `port`: of a proxy in front of the server. */
  url({ user = owner, database = 'postgres', port = this.#port }: { readonly user?: string; readonly database?: string; readonly port?: number } = {}): string {
    return `postgres://${user}:${this.#password}@127.0.0.1:${port}/${database}`;
  }

  /** After `stop` or `kill`: on the same port, with the same data. Resolves when it takes connections. */
  async start(): Promise<void> {
    if (this.#pid !== undefined) return;
    if (!(await this.#tryStart())) throw new Error(`Postgres can't be started: ${await this.log()}`);
  }

  /** Resolves when it has ended. */
  async stop(mode: ShutdownMode = 'fast'): Promise<void> {
    await this.#end({ signal: signalOf[mode] });
  }

  async restart(mode?: ShutdownMode): Promise<void> {
    await this.stop(mode);
    await this.start();
  }

  /** `kill -9` of all its processes: what it had not synced is as the system had it. Resolves when they are gone. */
  async kill(): Promise<void> {
    await this.#end({ killAll: true });
    // A small piece of shared memory, by which a start sees that nobody uses the data, outlives those who have it.
    const memory = (await readFile(path.join(this.#data, 'postmaster.pid'), 'utf8')).split('\n')[6]?.trim().split(/\s+/)[1];
    if (memory !== undefined) spawnSync('ipcrm', ['-m', memory]);
  }

  /**
   * Another server, with all that this one has by now and nothing of what follows, as one that replicates and has fallen behind. This one is stopped for it, and started again.
   * `standby`: it can be read, and not written.
   */
  async copy({ standby = false }: { readonly standby?: boolean } = {}): Promise<PostgresServer> {
    await this.stop();
    const copied = await PostgresServer.#make(this.#options, async (server) => {
      await copyServerFolder(this.#folder, server.#folder, { standby });
      server.#password = this.#password;
      server.#databases = this.#databases;
      await server.#startOnFreePort();
    });
    await this.start();
    return copied;
  }

  /** Whatever state it is in, nothing of it is left afterwards. */
  async dispose(): Promise<void> {
    await this.stop('immediate');
    if (this.#guard.connected) {
      const exited = once(this.#guard, 'exit');
      this.#guard.disconnect();
      await exited;
    }
    await this.#disk?.dispose();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Where it is seen from this process. */
  get #data(): string {
    const inside = path.join(this.#folder, 'data');
    return this.#disk?.outside(inside) ?? inside;
  }

  /** In the namespace of the disk whoever runs the tests is its root, which Postgres refuses: so in one more, it is anybody. */
  async #moveToDisk(megabytes: number): Promise<void> {
    const data = path.join(this.#folder, 'data');
    // There it isn't its owner.
    await chmod(this.#folder, 0o711);
    await rename(data, `${data}-made`);
    await mkdir(data);
    this.#disk = await SmallDisk.mount(data, megabytes);
    await run('cp', ['-R', '--preserve=mode', `${data}-made/.`, this.#data]);
    await rm(`${data}-made`, { recursive: true });
    this.#guard.send({ launcher: [...this.#disk.launcher, 'unshare', '--user', '--map-user=1000', '--map-group=1000', '--'] } satisfies GuardRequest);
  }

  async #startOnFreePort(): Promise<void> {
    for (let tries = 0; tries < 20; tries++) {
      this.#port = await freePort();
      if (await this.#tryStart()) return;
      // Somebody else was faster.
      if (!/could not bind|Address already in use/.test(await this.log())) break;
    }
    throw new Error(`Postgres can't be started: ${await this.log()}`);
  }

  /** False if it has ended before it took connections. */
  async #tryStart(): Promise<boolean> {
    const settings = {
      port: this.#port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: this.#options.fsync === false ? 'off' : 'on',
      shared_buffers: '32MB',
      // In files of its folder: nothing is left of them after a kill.
      dynamic_shared_memory_type: 'mmap',
      log_timezone: 'UTC',
      // After a crash: all files at once instead of each of a thousand, where the server can do that.
      ...(process.platform === 'linux' && Number.parseInt(this.version, 10) >= 14 ? { recovery_init_sync_method: 'syncfs' } : {}),
      ...this.#options.settings,
    };
    const args = ['-D', path.join(this.#folder, 'data'), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    const started = await this.#ask({ start: args });
    if ('ended' in started) return false;
    this.#pid = started.started;
    this.#ended = this.#notice().then((notice) => {
      this.#pid = undefined;
      return notice;
    });
    const deadlineMs = performance.now() + startLimitMs;
    while (!(await this.#isReady())) {
      if (!this.#isRunning()) return false;
      if (performance.now() > deadlineMs) throw new Error(`Postgres ${this.version} was not ready within ${startLimitMs} ms: ${await this.log()}`);
      await pause(lookEveryMs);
    }
    return true;
  }

  #isRunning(): boolean {
    return this.#pid !== undefined;
  }

  /** By the file in which it says so itself. A former server that was killed has left one too. */
  async #isReady(): Promise<boolean> {
    const lines = await readFile(path.join(this.#data, 'postmaster.pid'), 'utf8').then((text) => text.split('\n'), () => []);
    return Number(lines[0]) === this.#pid && lines[7]?.trim() === 'ready';
  }

  async #end(request: GuardRequest): Promise<void> {
    if (this.#pid === undefined) return;
    this.#guard.send(request);
    await this.#ended;
  }

  #ask(request: GuardRequest): Promise<GuardNotice> {
    const notice = this.#notice();
    this.#guard.send(request);
    return notice;
  }

  async #notice(): Promise<GuardNotice> {
    const [notice] = (await once(this.#guard, 'message')) as [GuardNotice];
    return notice;
  }

  async #asAdmin(database: string, statements: readonly string[]): Promise<void> {
    const client = new pg.Client({ connectionString: this.url({ user: 'postgres', database }) });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  }
}

/** What happens in another process can only be looked for. */
async function pause(delayMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  setTimeout(resolve, delayMs, undefined);
  await promise;
}
