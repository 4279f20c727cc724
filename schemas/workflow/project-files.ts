import { projectFileKind, type ProjectFileKind } from './analysis/analyse-files.ts';

/** What stands in a folder. */
export interface FolderEntry {
  readonly name: string;
  /** A link to a folder is none: a circle of them then has no effect. */
  readonly isFolder: boolean;
}

/** What a look at a folder gave. One that isn't there is empty; one that can't be read is something else: nobody knows what is in it. */
export type FolderLook = { readonly ok: true; readonly entries: readonly FolderEntry[] } | { readonly ok: false; readonly problem: string };

/** Reads a folder, named relative to the project's with forward slashes (`''` is that one itself). */
export type ReadFolder = (folder: string) => Promise<FolderLook>;

/** A file of a project that Sluice reads. */
export interface FoundFile {
  readonly kind: ProjectFileKind;
  /** Relative to the project's folder, with forward slashes. */
  readonly file: string;
}

export interface FoundFiles {
  /** Sorted by name. */
  readonly files: readonly FoundFile[];
  /** Folders that could not be read, and why, as the rest of a sentence that begins with the folder's name. */
  readonly failed: ReadonlyMap<string, string>;
}

/** The folder that makes a folder a project. */
const sluiceFolder = '.sluice';

/**
 * The files that make up a project, sorted by name: those of `.sluice/` itself, `.sluice/workflows/*.yaml|yml`, and `*.sluice.yaml`
 * anywhere (but in `node_modules` and folders whose names begin with a dot). At most `maxFolders` folders are read. What bears the name
 * of a file in `.sluice/` is found whatever it is: whoever reads it says that a folder is none.
 */
export async function findProjectFiles(readFolder: ReadFolder, maxFolders = Number.POSITIVE_INFINITY): Promise<FoundFiles> {
  const failed = new Map<string, string>();
  const entriesOf = async (folder: string): Promise<readonly FolderEntry[]> => {
    const look = await readFolder(folder);
    if (look.ok) return look.entries;
    failed.set(folder, look.problem);
    return [];
  };
  const own = await Promise.all([sluiceFolder, `${sluiceFolder}/workflows`].map(async (folder) => (await entriesOf(folder)).map(({ name }) => `${folder}/${name}`)));
  const scattered: string[] = [];
  let level: readonly string[] = [''];
  for (let left = maxFolders; level.length > 0 && left > 0; left -= level.length) {
    const looked = level.slice(0, left);
    const listings = await Promise.all(looked.map(entriesOf));
    const below: string[] = [];
    for (const [index, folder] of looked.entries()) {
      for (const { name, isFolder } of listings[index] ?? []) {
        if (name.startsWith('.') || name === 'node_modules') continue;
        (isFolder ? below : scattered).push(folder === '' ? name : `${folder}/${name}`);
      }
    }
    level = below;
  }
  const files = [...own.flat(), ...scattered]
    .flatMap((file) => {
      const kind = projectFileKind(file);
      return kind === undefined ? [] : [{ kind, file }];
    })
    .sort((a, b) => (a.file < b.file ? -1 : 1));
  return { files, failed };
}
