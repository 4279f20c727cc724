import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { installHost, serverFolder } from './install.ts';
import { userSettings } from './user-settings.ts';
import { cacheWorkspace, checkWorkspaceCache, type CachedWorkspace } from './workspace-cache.ts';

export interface VsCodeServerOptions {
  /** Obey `extensionDevelopmentPath` and `extensionTestsPath` of a page's address. VS Code shows no toasts then. */
  readonly isForTests?: boolean;
  /** Off: every folder is in Restricted Mode until a person trusts it. */
  readonly trustsAll?: boolean;
  /** A package to install first, as a user would. */
  readonly vsix?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Reaches the extension host. */
  readonly env?: NodeJS.ProcessEnv;
  /** Folders with projects that go with it, and their daemons too. */
  readonly alsoRemove?: readonly string[];
}

/**
 * Bundled extensions that are left out: slow to start, noisy, or in need of the internet. None of them has a part that runs in the page, which
 * would be looked for and missed.
 */
const leftOut = new Set([
  'copilot',
  'debug-auto-launch',
  'git',
  'github',
  'microsoft-authentication',
  'ms-vscode.js-debug',
  'ms-vscode.js-debug-companion',
  'terminal-suggest',
  'tunnel-forwarding',
]);
const startLimitMs = 180_000;
const serverProgram = path.join(serverFolder, 'out', 'server-main.js');
const guardProgram = path.join(import.meta.dirname, 'guard-program.ts');

/** A VS Code whose window is a page of a browser, in a home of its own. */
export class VsCodeServer {
  /** For projects and whatever else the tests need; gone when the server has stopped, and every daemon in it too. */
  readonly folder: string;
  readonly port: number;
  readonly #guard: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #home: string;

  /** Installs what it needs first, where that is not there yet. */
  static async start({ isForTests = false, trustsAll = true, vsix, settings = {}, env = {}, alsoRemove = [] }: VsCodeServerOptions = {}): Promise<VsCodeServer> {
    await installHost();
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sluice-vscode-')));
    const home = path.join(folder, 'home');
    const bundled = path.join(home, 'bundled');
    const extensions = path.join(home, 'extensions');
    await mkdir(path.join(home, 'data', 'User'), { recursive: true });
    await mkdir(bundled);
    for (const name of await readdir(path.join(serverFolder, 'extensions'))) {
      if (!leftOut.has(name)) await symlink(path.join(serverFolder, 'extensions', name), path.join(bundled, name));
    }
    await writeFile(path.join(home, 'data', 'User', 'settings.json'), JSON.stringify({ ...userSettings, ...settings }));
    const places = ['--server-data-dir', home, '--extensions-dir', extensions, '--accept-server-license-terms'];
    if (vsix !== undefined) await installExtension(vsix, places);
    const args = [
      serverProgram,
      ...places,
      ...['--builtin-extensions-dir', bundled, '--host', '127.0.0.1', '--port', '0', '--without-connection-token'],
      ...['--telemetry-level', 'off', '--disable-update-check', '--disable-getting-started-override'],
      ...(isForTests ? ['--enable-smoke-test-driver'] : []),
      ...(trustsAll ? ['--disable-workspace-trust'] : []),
    ];
    const guard = spawn(process.execPath, [guardProgram, JSON.stringify([folder, ...alsoRemove]), process.execPath, ...args], {
      env: { ...inherited(), HOME: home, TMPDIR: home, XDG_RUNTIME_DIR: home, EXTENSIONS_GALLERY: '{"serviceUrl":""}', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      // What ends the tests by a key stroke must not end it before it has cleaned up.
      detached: true,
    });
    try {
      return new VsCodeServer(guard, folder, home, await portOf(guard));
    } catch (error) {
      guard.stdin.end();
      throw error;
    }
  }

  private constructor(guard: ChildProcessByStdio<Writable, Readable, Readable>, folder: string, home: string, port: number) {
    this.#guard = guard;
    this.folder = folder;
    this.#home = home;
    this.port = port;
  }

  /** Has to come before the first window on a `.code-workspace` file, so that it opens with its folders. */
  async cacheWorkspace(file: string): Promise<void> {
    await cacheWorkspace(this.#cached(file));
  }

  /** @throws Error if what `cacheWorkspace` made was of no use to the window that has opened the file since */
  async checkWorkspaceCache(file: string): Promise<void> {
    await checkWorkspaceCache(this.#cached(file));
  }

  /** Of a window on a folder or a `.code-workspace` file. */
  address(opened: string | undefined, payload: readonly (readonly [string, string])[] = []): string {
    const query = new URLSearchParams({ payload: JSON.stringify([['skipWelcome', 'true'], ...payload]) });
    if (opened === undefined) query.set('ew', 'true');
    else query.set(opened.endsWith('.code-workspace') ? 'workspace' : 'folder', opened);
    return `http://127.0.0.1:${this.port}/?${query.toString()}`;
  }

  /** How a page's address names a file of this machine. */
  remoteUri(file: string): string {
    return `vscode-remote://127.0.0.1:${this.port}${file}`;
  }

  #cached(file: string): CachedWorkspace {
    return { userData: path.join(this.#home, 'data', 'User'), file, uri: this.remoteUri(file) };
  }

  /** Copies VS Code's logs, which hold those of the extension too. */
  async keepLogs(into: string): Promise<void> {
    await cp(path.join(this.#home, 'data', 'logs'), into, { recursive: true, force: true });
  }

  /** Resolves when nothing of it is left, its folder included. */
  async stop(): Promise<void> {
    const gone = this.#guard.exitCode !== null ? undefined : once(this.#guard, 'exit');
    this.#guard.stdin.end();
    await gone;
  }
}

async function installExtension(vsix: string, places: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [serverProgram, ...places, '--install-extension', vsix], { env: inherited(), stdio: ['ignore', 'pipe', 'pipe'] });
  const words: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => words.push(chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${vsix} could not be installed: ${words.join('')}`);
}

function portOf(guard: ChildProcessByStdio<Writable, Readable, Readable>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let words = '';
  const timer = setTimeout(() => reject(new Error(`VS Code's server did not start within ${startLimitMs} ms: ${words}`)), startLimitMs);
  const hear = (chunk: Buffer): void => {
    // Only until it has started: later it may write for as long as it runs.
    if (words.length < 100_000) words += chunk.toString('utf8');
    const port = /Web UI available at \S*?:(\d+)/.exec(words)?.[1];
    if (port !== undefined) resolve(Number(port));
  };
  guard.stdout.on('data', hear);
  guard.stderr.on('data', hear);
  guard.once('exit', () => reject(new Error(`VS Code's server ended before it had started: ${words}`)));
  return promise.finally(() => clearTimeout(timer));
}

/** Without the proxies of the machine, and without what a VS Code that the tests are started from would hand on. */
function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VSCODE|ELECTRON)_|_proxy$/i.test(name)));
}
