import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A user namespace of its own, in which anybody may mount. */
const namespaces = ['--user', '--map-root-user', '--mount'];

/**
 * A disk of its own that some processes see in the place of a folder, and that can be filled. It needs Linux and its user namespaces, which not
 * every machine allows.
 */
export class SmallDisk {
  readonly #holder: ChildProcess;
  readonly #folder: string;

  static isPossible(): boolean {
    return process.platform === 'linux' && spawnSync('unshare', [...namespaces, 'mount', '-t', 'tmpfs', 'none', '/tmp']).status === 0;
  }

  /** `folder`: absolute; it is made if it is missing. It stays mounted, whatever happens to those who use it, until `dispose`. */
  static async mount(folder: string, megabytes: number): Promise<SmallDisk> {
    const script = `mkdir -p "$1" && mount -t tmpfs -o size=${megabytes}m,mode=700 none "$1" && echo mounted && exec cat`;
    const holder = spawn('unshare', [...namespaces, 'sh', '-c', script, 'sh', folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    await Promise.race([
      once(holder.stdout, 'data'),
      once(holder, 'exit').then(() => {
        throw new Error(`nothing could be mounted at ${folder}`);
      }),
    ]);
    return new SmallDisk(holder, folder);
  }

  private constructor(holder: ChildProcess, folder: string) {
    this.#holder = holder;
    this.#folder = folder;
  }

  /** What the command line of a process that is to see it is appended to. */
  get launcher(): readonly string[] {
    return ['nsenter', `--target=${this.#holder.pid}`, '--user', '--mount', '--preserve-credentials'];
  }

  /** Where a path in there is seen from this process. */
  outside(inside: string): string {
    return `/proc/${this.#holder.pid}/root${inside}`;
  }

  /** Until not a byte more goes in. */
  async fill(): Promise<void> {
    for (const [index, bytes] of [64 * 1024 * 1024, 64 * 1024, 4096, 512].entries()) await writeFile(this.#filler(index), Buffer.alloc(bytes)).catch(() => undefined);
  }

  /** After `fill`: about this much. */
  async leaveFree(bytes: number): Promise<void> {
    const filler = this.#filler(0);
    await truncate(filler, (await stat(filler)).size - bytes);
  }

  async clear(): Promise<void> {
    for (let index = 0; index < 4; index++) await rm(this.#filler(index), { force: true });
  }

  async dispose(): Promise<void> {
    const exited = once(this.#holder, 'exit');
    this.#holder.stdin?.end();
    await exited;
  }

  #filler(index: number): string {
    return path.join(this.outside(this.#folder), `filler-${index}`);
  }
}
