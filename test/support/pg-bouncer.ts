import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants } from 'node:fs';
import { connect } from 'node:net';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from './free-port.ts';
import { makeServerFolder, serverUser } from './postgres-installation.ts';
import { describeWithPostgres, type PostgresServer, type PostgresServerOptions } from './postgres-server.ts';

const lookEveryMs = 10;
const startLimitMs = 180_000;

/** For a person: why tests are skipped. */
const noBouncer = 'the tests behind a pooler need PgBouncer; install it (apt-get install pgbouncer, brew install pgbouncer)';
let isMissed = false;

export function findPgBouncer(): string | undefined {
  const folders = ['/usr/sbin', '/opt/homebrew/bin', '/usr/local/bin', ...(process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder))];
  return folders.map((folder) => path.join(folder, 'pgbouncer')).find((program) => {
    try {
      accessSync(program, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Tests that need a real Postgres with a real PgBouncer in front of it; skipped, and counted as that, where the machine has none. */
export function describeWithPgBouncer(title: string, define: (server: () => PostgresServer, bouncer: () => PgBouncer) => void, options?: PostgresServerOptions): void {
  let bouncer: PgBouncer | undefined;
  const current = (): PgBouncer => {
    if (bouncer === undefined) throw new Error('there is no pooler outside of the tests');
    return bouncer;
  };
  const program = findPgBouncer();
  if (program === undefined) {
    if (!isMissed) console.log(`Not run: ${noBouncer}.`);
    isMissed = true;
    describe.skip(title, () => define(() => { throw new Error('there is no server'); }, current));
    return;
  }
  describeWithPostgres(
    title,
    (server) => {
      before(async () => {
        bouncer = await PgBouncer.start(program, server());
      });
      after(() => bouncer?.dispose());
      define(server, current);
    },
    options,
  );
}

/** PgBouncer in front of a server, by an ordinary user: each transaction can have another of its few connections, and what a client leaves in one is found by the next. */
export class PgBouncer {
  readonly port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;

  static async start(program: string, server: PostgresServer): Promise<PgBouncer> {
    const user = serverUser();
    const folder = await makeServerFolder(user);
    const port = await freePort();
    const { username, password } = new URL(server.url());
    const settings = {
      listen_addr: '127.0.0.1',
      listen_port: port,
      unix_socket_dir: '',
      auth_type: 'scram-sha-256',
      auth_file: path.join(folder, 'users'),
      logfile: path.join(folder, 'log'),
      pool_mode: 'transaction',
      // Fewer than the connections of one daemon, so that they are shared.
      default_pool_size: 2,
      max_client_conn: 200,
      server_tls_sslmode: 'disable',
      // Waits are those of the tests, which end by themselves.
      query_wait_timeout: 0,
    };
    const ini = `[databases]\n* = host=127.0.0.1 port=${server.port}\n[pgbouncer]\n${Object.entries(settings).map(([name, value]) => `${name} = ${value}`).join('\n')}\n`;
    for (const [name, text] of [['ini', ini], ['users', `"${username}" "${password}"\n`]] as const) {
      await writeFile(path.join(folder, name), text, { mode: 0o600 });
      if (user !== undefined) chownSync(path.join(folder, name), user.uid, user.gid);
    }
    const child = spawn(program, ['-q', path.join(folder, 'ini')], { stdio: 'ignore', cwd: folder, ...user });
    const bouncer = new PgBouncer(port, folder, child);
    try {
      await bouncer.#ready();
      return bouncer;
    } catch (error) {
      await bouncer.dispose();
      throw error;
    }
  }

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#child = child;
  }

  /** The same database, through the pooler. */
  url(direct: string): string {
    const url = new URL(direct);
    url.port = String(this.port);
    return url.href;
  }

  async dispose(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const deadlineMs = performance.now() + startLimitMs;
    while (!(await answers(this.port))) {
      if (this.#child.exitCode !== null) throw new Error(`PgBouncer has ended with ${this.#child.exitCode}`);
      if (performance.now() > deadlineMs) throw new Error(`PgBouncer was not ready within ${startLimitMs} ms`);
      await pause();
    }
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  const isThere = await once(socket, 'connect').then(() => true, () => false);
  socket.destroy();
  return isThere;
}

/** What happens in another process can only be looked for. */
async function pause(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  setTimeout(resolve, lookEveryMs, undefined);
  await promise;
}
