import { projectFileKind, type ProjectFileKind } from './analysis/analyse-files.ts';

/** What stands in a folder. */
export interface FolderEntry {
  readonly name: string;
  /** A link to a folder is none: a circle of them then has no effect. */
  readonly isFolder: boolean;
}

/** Reads a folder, named relative to the project's with forward slashes (`''` is that one itself). One that can't be read is empty. */
export type ReadFolder = (folder: string) => Promise<readonly FolderEntry[]>;

/** A file of a project that Sluice reads. */
export interface FoundFile {
  readonly kind: ProjectFileKind;
  /** Relative to the project's folder, with forward slashes. */
  readonly file: string;
}

/** The folder that makes a folder a project. */
const sluiceFolder = '.sluice';

/**
 * The files that make up a project, sorted by name: those of `.sluice/` itself, `.sluice/workflows/*.yaml|yml`, and `*.sluice.yaml`
 * anywhere (but in `node_modules` and folders whose names begin with a dot). At most `maxFolders` folders are read. What bears the name
 * of a file in `.sluice/` is found whatever it is: whoever reads it says that a folder is none.
 */
export async function findProjectFiles(readFolder: ReadFolder, maxFolders = Number.POSITIVE_INFINITY): Promise<readonly FoundFile[]> {
  const own = await Promise.all([sluiceFolder, `${sluiceFolder}/workflows`].map(async (folder) => (await readFolder(folder)).map(({ name }) => `${folder}/${name}`)));
  const scattered: string[] = [];
  let level: readonly string[] = [''];
  for (let left = maxFolders; level.length > 0 && left > 0; left -= level.length) {
    const looked = level.slice(0, left);
    const listings = await Promise.all(looked.map(readFolder));
    const below: string[] = [];
    for (const [index, folder] of looked.entries()) {
      for (const { name, isFolder } of listings[index] ?? []) {
        if (name.startsWith('.') || name === 'node_modules') continue;
        (isFolder ? below : scattered).push(folder === '' ? name : `${folder}/${name}`);
      }
    }
    level = below;
  }
  return [...own.flat(), ...scattered]
    .flatMap((file) => {
      const kind = projectFileKind(file);
      return kind === undefined ? [] : [{ kind, file }];
    })
    .sort((a, b) => (a.file < b.file ? -1 : 1));
}
