import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import type { ExampleContext } from './example.ts';

export const repository = path.resolve(import.meta.dirname, '../..');

/** A text of a file that is another one in the copy. */
export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Said to the reader, because it scales what is shown; changes of ports are not. */
  readonly isScaled?: boolean;
}

export interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StageSettings {
  readonly changes: readonly Change[];
  readonly secrets?: Readonly<Record<string, string>>;
  /** Files to write, by their path in the project. */
  readonly files?: Readonly<Record<string, string>>;
}

const downLimitMs = 8_000;

/**
 * A copy of an example's project in a temporary folder, and the `sluice` command to use on it, as a person would. `close` ends
 * all that was started for it, whatever has gone wrong.
 */
export class Stage {
  readonly folder: string;
  readonly #context: ExampleContext;
  readonly #commands = new Set<Promise<unknown>>();
  readonly #undo: (() => Promise<void>)[] = [];
  /** Ends the commands that still run when the stage is closed. */
  readonly #closing = new AbortController();
  #daemonPid: number | undefined;

  static async open(exampleFolder: string, context: ExampleContext): Promise<Stage> {
    const name = path.basename(exampleFolder);
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), `sluice-${name}-`)));
    const stage = new Stage(folder, context);
    const state = path.join(exampleFolder, '.sluice', 'state');
    await cp(exampleFolder, folder, { recursive: true, filter: (source) => source !== state && !source.endsWith('.ts') });
    return stage;
  }

  private constructor(folder: string, context: ExampleContext) {
    this.folder = folder;
    this.#context = context;
  }

  async prepare({ changes, secrets = {}, files = {} }: StageSettings): Promise<void> {
    const { narrator } = this.#context;
    for (const { file, from, to, isScaled } of changes) {
      const place = path.join(this.folder, file);
      const before = await readFile(place, 'utf8');
      if (!before.includes(from)) throw new Error(`${file} has no ${from}`);
      await writeFile(place, before.replaceAll(from, to));
      if (isScaled === true && from !== to) narrator.event(`scaled in ${path.basename(file)}: ${from} -> ${to}`, 'dim');
    }
    for (const [file, content] of Object.entries(files)) await writeFile(path.join(this.folder, file), content);
    if (Object.keys(secrets).length > 0) await writeSecrets(this.folder, secrets);
  }

  /** To be done when the stage is closed, the last one first. */
  defer(undo: () => Promise<void>): void {
    this.#undo.push(undo);
  }

  /** Runs `sluice` in the project and shows what was typed. Rejects where it exits otherwise than expected. */
  async sluice(args: readonly string[], { code = 0, isShown = true }: { readonly code?: number; readonly isShown?: boolean } = {}): Promise<string> {
    if (isShown) this.#context.narrator.typed(typedLine(args));
    const end = await this.#spawn(args);
    if (end.code !== code) throw new Error(`sluice ${args.join(' ')} exited with ${String(end.code)}:\n${end.stderr}${end.stdout}`);
    return end.stdout;
  }

  /** What `sluice ... --json` answers; its shape is that of `docs/command-line.md`. */
  async ask<Shape>(...args: readonly string[]): Promise<Shape> {
    return JSON.parse(await this.sluice([...args, '--json'], { isShown: false })) as Shape;
  }

  /** Starts `sluice run ... --wait` and answers, when the run has ended, with how. */
  async runToEnd<Shape>(args: readonly string[]): Promise<Shape> {
    this.#context.narrator.typed(typedLine(['run', ...args, '--wait']));
    const { stdout, stderr } = await this.#spawn(['run', ...args, '--wait', '--json']);
    if (stdout === '') throw new Error(`sluice run ${args.join(' ')} failed:\n${stderr}`);
    return JSON.parse(stdout) as Shape;
  }

  /** Starts the daemon; answers with its process id. */
  async startDaemon(): Promise<number> {
    await this.sluice(['up']);
    const { pid } = await this.ask<DaemonStatus>('status');
    this.#daemonPid = pid;
    return pid;
  }

  /** Waits for something, unless everything is to end. */
  async until<Value>(event: Promise<Value>): Promise<Value> {
    const { signal } = this.#context;
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      return await Promise.race([event, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#commands);
    await this.#stopDaemon();
    for (const undo of this.#undo.toReversed()) await undo();
    if (this.#context.keep === true) this.#context.narrator.event(`Kept: ${this.folder}`);
    else await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #stopDaemon(): Promise<void> {
    try {
      await this.#start(['down', '--json'], AbortSignal.timeout(downLimitMs));
    } catch {
      if (this.#daemonPid !== undefined && isAlive(this.#daemonPid)) process.kill(this.#daemonPid, 'SIGKILL');
    }
  }

  async #spawn(args: readonly string[]): Promise<CommandEnd> {
    const running = this.#start(args, AbortSignal.any([this.#context.signal, this.#closing.signal]));
    this.#commands.add(running);
    try {
      return await running;
    } finally {
      this.#commands.delete(running);
    }
  }

  async #start(args: readonly string[], signal: AbortSignal): Promise<CommandEnd> {
    const command = this.#context.command ?? [path.join(repository, 'bin', 'sluice.cjs')];
    const child = spawn(process.execPath, [...command, ...args], {
      cwd: this.folder,
      // What is shown leaves nothing in the reader's home folder.
      env: { ...process.env, SLUICE_HOME: path.join(this.folder, 'home') },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { code, stdout, stderr };
  }
}

/** Into the file that the daemon reads secrets from. It is ignored by git, and readable by its owner alone. */
export async function writeSecrets(project: string, secrets: Readonly<Record<string, string>>): Promise<void> {
  const state = path.join(project, '.sluice', 'state');
  await mkdir(state, { recursive: true, mode: 0o700 });
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(path.join(state, 'secrets.env'), lines.join(''), { mode: 0o600 });
}

function typedLine(args: readonly string[]): string {
  return ['sluice', ...args.map((arg) => (/^[\w@=./:-]+$/.test(arg) ? arg : `'${arg}'`))].join(' ');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
