import { watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Clock, Timer } from '../core/clock.ts';

/** How long it waits for more of the same, in milliseconds: an editor that saves makes several events, a checkout hundreds. */
const settleMs = 100;

interface Watched {
  readonly watcher: FSWatcher;
  readonly inode: number;
}

/**
 * Tells soon when something happens in folders (not below them). It is no more than a hurry: network drives and some containers send no
 * events, and a folder that is replaced sends no more of them until `renew`. So anyone who uses it also looks by itself, less often.
 */
export class FolderWatch {
  readonly #folders: readonly string[];
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #watched = new Map<string, Watched>();
  #timer: Timer | undefined;
  #stopped = false;

  /** `folders`: absolute; they need not be there yet. */
  constructor(options: { readonly folders: readonly string[]; readonly clock: Clock; readonly onChange: () => void }) {
    this.#folders = options.folders;
    this.#clock = options.clock;
    this.#onChange = options.onChange;
  }

  /** Watches what is there now under these names: to be called at the start, and now and then. */
  async renew(): Promise<void> {
    await Promise.all(
      this.#folders.map(async (folder) => {
        const inode = (await stat(folder).catch(() => undefined))?.ino;
        const watched = this.#watched.get(folder);
        if (this.#stopped || (watched !== undefined && watched.inode === inode)) return;
        watched?.watcher.close();
        this.#watched.delete(folder);
        if (inode !== undefined) this.#watch(folder, inode);
      }),
    );
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }

  #watch(folder: string, inode: number): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#changed());
      // Windows says so when the folder goes; it is watched again when there is one.
      watcher.on('error', () => {
        watcher.close();
        this.#watched.delete(folder);
      });
      this.#watched.set(folder, { watcher, inode });
    } catch {
      // No more watches are to be had on this machine, or the folder has just gone.
    }
  }

  #changed(): void {
    if (this.#stopped || this.#timer !== undefined) return;
    this.#timer = this.#clock.setTimer(settleMs, () => {
      this.#timer = undefined;
      this.#onChange();
    });
  }
}
