import './own-home.ts';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { DaemonClient } from '../../client/daemon-client.ts';
import { daemonArguments, daemonEnvironment } from '../../client/daemon-launch.ts';
import { readDiscovery } from '../../client/discovery.ts';
import { daemonProgram as testedProgram } from './tested-programs.ts';

export interface DaemonProcessOptions {
  /** Where it dies by itself: `settle-before-commit:3`, see daemon/platform/fail-point.ts. */
  readonly failPoint?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** Path of the daemon's program; that of `tested-programs.ts` if omitted. */
  readonly program?: string | undefined;
  /** What the daemon's command line is appended to, such as `setpriv --reuid 65534`. */
  readonly launcher?: readonly string[];
  /** Further arguments of the daemon. */
  readonly more?: readonly string[];
  /** Where its files are seen from this process, if elsewhere than it sees them itself. */
  readonly outsideFolder?: (pid: number) => string;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const lookEveryMs = 5;
const readyLimitMs = 200_000;
const endLimitMs = 200_000;

/** The daemon has ended instead of getting ready. */
export class DaemonEndedError extends Error {
  override readonly name = 'DaemonEndedError';
}

/** A real daemon in a process of its own. It is this process's child: killed, it is gone immediately. */
export class DaemonProcess {
  readonly folder: string;
  readonly pid: number;
  /** How it ended. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #written: string[] = [];
  readonly #outsideFolder: string;
  #end: ProcessEnd | undefined;
  #client: DaemonClient | undefined;

  constructor(folder: string, { failPoint, env = {}, program: daemonProgram = testedProgram, launcher = [], more = [], outsideFolder }: DaemonProcessOptions = {}) {
    this.folder = folder;
    const [program = process.execPath, ...args] = [...launcher, process.execPath, ...daemonArguments(folder, daemonProgram), ...more];
    this.#child = spawn(program, args, {
      // Not the proxies of the machine that the tests run on, nor a fail point of anyone who runs them.
      env: { ...daemonEnvironment(withoutProxies(process.env)), SLUICE_FAILPOINT: failPoint ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${program} can't be started`);
    this.pid = pid;
    this.#outsideFolder = outsideFolder?.(pid) ?? folder;
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream.on('data', (chunk: Buffer) => this.#written.push(chunk.toString('utf8')));
    // `close`, and not `exit`: what it wrote last has been read by then.
    this.ended = once(this.#child, 'close').then(([code, signal]) => {
      this.#end = { code: code as number | null, signal: signal as NodeJS.Signals | null };
      return this.#end;
    });
  }

  /** @throws DaemonEndedError where it ends first */
  static async start(folder: string, options?: DaemonProcessOptions): Promise<DaemonProcess> {
    const daemon = new DaemonProcess(folder, options);
    await daemon.ready();
    return daemon;
  }

  /** What it wrote to its terminal. */
  get words(): string {
    return this.#written.join('');
  }

  /** Resolves when it has written that to stderr. */
  async said(part: string): Promise<void> {
    while (!this.words.includes(part)) await once(this.#child.stderr, 'data');
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** The connection that `ready` has opened. */
  get client(): DaemonClient {
    if (this.#client === undefined) throw new Error('wait for the daemon to be ready first');
    return this.#client;
  }

  /** Resolves when it answers. */
  async ready(): Promise<DaemonClient> {
    const deadlineMs = performance.now() + readyLimitMs;
    while (performance.now() < deadlineMs) {
      if (this.#end !== undefined) throw new DaemonEndedError(`the daemon ended (${this.#end.code ?? this.#end.signal}) before it was ready: ${this.words}`);
      const read = await readDiscovery(this.#outsideFolder);
      // A daemon that was killed leaves its file behind.
      if (read.kind === 'found' && read.discovery.pid === this.pid) {
        const client = await DaemonClient.open(read.discovery).catch(() => undefined);
        if (client !== undefined) {
          this.#client = client;
          return client;
        }
      }
      await pause(lookEveryMs);
    }
    throw new Error(`the daemon was not ready within ${readyLimitMs} ms: ${this.words}`);
  }

  /** `kill -9`; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Asks it to stop; resolves when it has. */
  async stop(): Promise<ProcessEnd> {
    this.signal('SIGTERM');
    return this.end();
  }

  /** Waits for its end, but not for ever. */
  async end(limitMs = endLimitMs): Promise<ProcessEnd> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), limitMs);
    const startedAtMs = performance.now();
    const end = await this.ended;
    clearTimeout(timer);
    if (performance.now() - startedAtMs >= limitMs) throw new Error(`the daemon did not end within ${limitMs} ms: ${this.words}`);
    return end;
  }

  /** Whatever state it is in, it is gone afterwards. */
  async dispose(): Promise<void> {
    await this.kill();
    await this.#client?.close();
  }
}

function withoutProxies(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(https?|all|no)_proxy$/i.test(name)));
}

/** What happens in another process can only be looked for. */
async function pause(delayMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  setTimeout(resolve, delayMs, undefined);
  await promise;
}
