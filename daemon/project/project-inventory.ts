import { findProjectFiles, type IgnoreRules, ownFolders } from '../../schemas/workflow/project-files.ts';
import { projectFileKind } from '../../schemas/workflow/analysis/analyse-files.ts';
import { FolderMemory } from './folder-memory.ts';
import { isOwnFolder, readRulesAbove } from '../../platform/project-reader.ts';

/** Folders outside of `.sluice/` that one look of a round is for. */
const foldersPerRound = 20;

/**
 * - `round`: the project's own folders, and a few others in turn. What it costs doesn't depend on the size of the tree.
 * - `own`: the project's own folders.
 * - `all`: every folder that is searched.
 */
export type LookExtent = 'round' | 'own' | 'all';

export interface Inventory {
  /** Relative to the project's folder, sorted. */
  readonly files: readonly string[];
  /** Folders that could not be read, and why, as the rest of a sentence that begins with the folder's name. */
  readonly failed: ReadonlyMap<string, string>;
  /** Whether there are more folders than are searched. */
  readonly isPartial: boolean;
}

/**
 * Which files a project has. The tree can be huge, so that it isn't walked again and again: a full look asks folders for their times of
 * change only, and what happens in between is found out by rounds.
 *
 * A look that fails is not an empty folder: what was there at the last one that succeeded counts as there.
 */
export class ProjectInventory {
  readonly #folder: string;
  readonly #memory: FolderMemory;
  #scattered: Inventory | undefined;
  #own: readonly string[] = [];
  #ring: readonly string[] = [];
  #next = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#memory = new FolderMemory(folder);
  }

  /** The first look is always a full one. */
  async look(extent: LookExtent): Promise<Inventory> {
    if (this.#scattered === undefined || extent === 'all' || (extent === 'round' && (await this.#round()))) return this.#lookAll();
    const { files, failed, isPartial } = this.#scattered;
    const own = await this.#lookOwn();
    return { files: sorted([...own.files, ...files.filter((file) => !isOwnFile(file))]), failed: new Map([...own.failed, ...[...failed].filter(([folder]) => !isOwnFolder(folder) || folder === '')]), isPartial };
  }

  /** Whether something has changed in the folders whose turn it is. */
  async #round(): Promise<boolean> {
    const folders = Array.from({ length: Math.min(foldersPerRound, this.#ring.length) }, (_, index) => this.#ring[(this.#next + index) % this.#ring.length] ?? '');
    this.#next = this.#ring.length === 0 ? 0 : (this.#next + folders.length) % this.#ring.length;
    const changed = await Promise.all(folders.map((folder) => this.#memory.hasChanged(folder)));
    return changed.includes(true);
  }

  async #lookOwn(): Promise<Pick<Inventory, 'files' | 'failed'>> {
    const failed = new Map<string, string>();
    const found: string[] = [];
    for (const folder of ownFolders) {
      const look = await this.#memory.look(folder);
      if (look.ok) found.push(...look.entries.map(({ name }) => `${folder}/${name}`).filter((file) => projectFileKind(file) !== undefined));
      else failed.set(folder, look.problem);
    }
    this.#own = this.#withHidden(found, this.#own, failed);
    return { files: this.#own, failed };
  }

  async #lookAll(): Promise<Inventory> {
    const looked = new Set<string>();
    const rules: IgnoreRules = await readRulesAbove(this.#folder);
    const { files, failed, isPartial } = await findProjectFiles((folder) => {
      looked.add(folder);
      return this.#memory.look(folder);
    }, rules);
    this.#memory.keep(looked);
    this.#ring = [...looked].filter((folder) => !ownFolders.some((own) => own === folder));
    const before = this.#scattered?.files ?? [];
    const all = this.#withHidden(files.map(({ file }) => file), before, failed);
    // A folder of somebody else's, such as the data of a database in a container, is not the fault of the project.
    const relevant = new Map([...failed].filter(([folder]) => isOwnFolder(folder) || before.some((file) => isBelow(file, folder))));
    this.#own = all.filter(isOwnFile);
    this.#scattered = { files: all, failed: relevant, isPartial };
    return this.#scattered;
  }

  #withHidden(found: readonly string[], before: readonly string[], failed: ReadonlyMap<string, string>): readonly string[] {
    const hidden = before.filter((file) => [...failed.keys()].some((folder) => isBelow(file, folder)));
    return sorted(new Set([...found, ...hidden]));
  }
}

function isOwnFile(file: string): boolean {
  return file.startsWith(`${ownFolders[0]}/`);
}

function isBelow(file: string, folder: string): boolean {
  return folder === '' || file.startsWith(`${folder}/`);
}

function sorted(files: Iterable<string>): readonly string[] {
  return [...files].sort();
}
