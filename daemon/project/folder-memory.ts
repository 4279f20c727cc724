import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { FolderLook } from '../../schemas/workflow/project-files.ts';
import { readFolder } from '../../platform/project-reader.ts';

/** A folder that was changed this short a time before it was read may change again without another time of change, in milliseconds. */
const unsettledMs = 2500;

interface KnownFolder {
  readonly look: FolderLook;
  /** Changes when something comes into the folder or goes from it, or its `.gitignore` does; undefined if that can't be told. */
  readonly stamp: string | undefined;
}

/**
 * What was in folders when they were last read. A folder whose time of change is as it was is not read again: of a tree of thousands that
 * costs a `stat` each.
 */
export class FolderMemory {
  readonly #root: string;
  readonly #now: () => number;
  #known = new Map<string, KnownFolder>();

  /** `now`: wall time, as folders have it, in milliseconds. */
  constructor(root: string, now: () => number = Date.now) {
    this.#root = root;
    this.#now = now;
  }

  get folders(): readonly string[] {
    return [...this.#known.keys()];
  }

  /** `folder`: relative to the root. */
  async look(folder: string): Promise<FolderLook> {
    const known = this.#known.get(folder);
    const stamp = await this.#stamp(folder, known?.look);
    if (known !== undefined && stamp !== undefined && stamp === known.stamp) return known.look;
    const look = await readFolder(path.join(this.#root, folder));
    // The stamp of before the reading: what comes while it continues makes another one.
    this.#known.set(folder, { look, stamp: stamp === undefined || !look.ok ? undefined : await this.#completed(folder, stamp, look) });
    return look;
  }

  /** Whether a folder would have to be read again because what counts of it has changed: names, folders, and its `.gitignore`. */
  async hasChanged(folder: string): Promise<boolean> {
    const before = this.#known.get(folder)?.look;
    const now = await this.look(folder);
    return before !== now && contentOf(before) !== contentOf(now);
  }

  /** Forgets those that are not named. */
  keep(folders: ReadonlySet<string>): void {
    this.#known = new Map([...this.#known].filter(([folder]) => folders.has(folder)));
  }

  async #stamp(folder: string, look: FolderLook | undefined): Promise<string | undefined> {
    const place = path.join(this.#root, folder);
    const hasRules = look?.ok === true && look.gitignore !== undefined;
    const [own, rules] = await Promise.all([stat(place).catch(() => undefined), hasRules ? stat(path.join(place, '.gitignore')).catch(() => undefined) : undefined]);
    if (own === undefined || this.#now() - own.ctimeMs < unsettledMs) return undefined;
    return `${own.ctimeMs} ${own.mtimeMs} ${own.ino} ${rules === undefined ? '' : `${rules.ctimeMs} ${rules.mtimeMs} ${rules.size}`}`;
  }

  /** A folder in which a `.gitignore` was found only now: its time belongs to the stamp as well. */
  async #completed(folder: string, stamp: string, look: FolderLook): Promise<string | undefined> {
    return look.ok && look.gitignore !== undefined ? this.#stamp(folder, look) : stamp;
  }
}

function contentOf(look: FolderLook | undefined): string {
  if (look === undefined) return '';
  if (!look.ok) return look.problem;
  // Files that Sluice doesn't read come and go all the time.
  const counted = look.entries.filter(({ name, isFolder }) => isFolder || /\.ya?ml$/.test(name)).map(({ name, isFolder }) => `${name}${isFolder ? '/' : ''}`);
  return `${counted.sort().join('\n')}\0${look.gitignore ?? ''}`;
}
