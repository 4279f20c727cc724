import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { projectFileKind, type ProjectFileKind } from '../schemas/workflow/analysis/analyse-project.ts';

/** The folder that makes a folder a project. */
export const sluiceFolder = '.sluice';

/** A file of a project that Sluice reads. */
export interface ProjectFile {
  readonly kind: ProjectFileKind;
  /** Relative to the project's folder, with forward slashes. */
  readonly file: string;
  /** Absolute. */
  readonly path: string;
}

/** The project that a folder lies in: the nearest folder upward that has a `.sluice/`; undefined where none has. */
export async function findProjectFolder(from: string): Promise<string | undefined> {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    if (await isFolder(path.join(folder, sluiceFolder))) return folder;
    if (path.dirname(folder) === folder) return undefined;
  }
}

export function stateFolderOf(projectFolder: string): string {
  return path.join(projectFolder, sluiceFolder, 'state');
}

/**
 * Makes `.sluice/state/`, readable by its owner alone, with a `.gitignore` that keeps all of it out of git.
 *
 * @throws Error that names the folder, where it can't be made or written
 */
export async function makeStateFolder(projectFolder: string): Promise<string> {
  const folder = stateFolderOf(projectFolder);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(path.join(folder, '.gitignore'), '*\n', { flag: 'wx' }).catch((error: unknown) => {
      if (!isCode(error, 'EEXIST')) throw error;
    });
  } catch (error) {
    const why = isCode(error, 'EEXIST') || isCode(error, 'ENOTDIR') ? 'is no folder: move what is there away' : `can't be written: ${error instanceof Error ? error.message : String(error)}`;
    throw new Error(`${folder} ${why}`, { cause: error });
  }
  return folder;
}

/**
 * The files that make up a project, sorted by name: those of `.sluice/` itself, `.sluice/workflows/*.yaml|yml`, and
 * `*.sluice.yaml` anywhere (but in `node_modules` and folders whose names begin with a dot). Links to folders are not
 * followed, so that a circle of them has no effect. A folder that can't be read counts as empty.
 */
export async function listProjectFiles(projectFolder: string): Promise<readonly ProjectFile[]> {
  const own = await Promise.all([sluiceFolder, `${sluiceFolder}/workflows`].map(async (folder) => filesIn(projectFolder, folder)));
  const files = [...own.flat(), ...(await findScattered(projectFolder, ''))].flatMap((file) => {
    const kind = projectFileKind(file);
    return kind === undefined ? [] : [{ kind, file, path: path.join(projectFolder, file) }];
  });
  return files.sort((a, b) => (a.file < b.file ? -1 : 1));
}

async function findScattered(projectFolder: string, below: string): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(path.join(projectFolder, below), { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const file = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await findScattered(projectFolder, file)));
    else if (projectFileKind(file) !== undefined) found.push(file);
  }
  return found;
}

async function filesIn(projectFolder: string, folder: string): Promise<string[]> {
  const entries = await readdir(path.join(projectFolder, folder), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => `${folder}/${name}`);
}

async function isFolder(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => undefined))?.isDirectory() === true;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
