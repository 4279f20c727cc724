import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The folder that makes a folder a project. */
export const sluiceFolder = '.sluice';

export const projectFileKinds = ['workflow', 'queues', 'connections', 'config'] as const;
export type ProjectFileKind = (typeof projectFileKinds)[number];

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

/** Makes `.sluice/state/`, readable by its owner alone, with a `.gitignore` that keeps all of it out of git. */
export async function makeStateFolder(projectFolder: string): Promise<string> {
  const folder = stateFolderOf(projectFolder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(path.join(folder, '.gitignore'), '*\n', { flag: 'wx' }).catch((error: unknown) => {
    if (!isCode(error, 'EEXIST')) throw error;
  });
  return folder;
}

/**
 * The files that make up a project, sorted by name: `.sluice/workflows/*.yaml|yml`, `*.sluice.yaml` anywhere (but in
 * `node_modules` and folders whose names begin with a dot), and those of `.sluice/` itself that are there. Links to folders
 * are not followed, so that a circle of them has no effect. A folder that can't be read counts as empty.
 */
export async function listProjectFiles(projectFolder: string): Promise<readonly ProjectFile[]> {
  const files: ProjectFile[] = [];
  const add = (kind: ProjectFileKind, file: string): void => {
    files.push({ kind, file, path: path.join(projectFolder, file) });
  };
  for (const kind of ['queues', 'connections', 'config'] as const) {
    for (const name of await namesIn(path.join(projectFolder, sluiceFolder))) {
      if (name === `${kind}.yaml`) add(kind, `${sluiceFolder}/${name}`);
    }
  }
  for (const name of await namesIn(path.join(projectFolder, sluiceFolder, 'workflows'))) {
    if (/\.ya?ml$/.test(name)) add('workflow', `${sluiceFolder}/workflows/${name}`);
  }
  for (const file of await findScattered(projectFolder, '')) add('workflow', file);
  return files.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** What a file of a project is for, by its path relative to the project's folder; undefined where Sluice doesn't read it. */
export function projectFileKindOf(file: string): ProjectFileKind | undefined {
  const normal = file.replaceAll('\\', '/');
  const own = /^\.sluice\/(queues|connections|config)\.yaml$/.exec(normal)?.[1];
  if (own !== undefined) return projectFileKinds.find((kind) => kind === own);
  if (/^\.sluice\/workflows\/[^/]+\.ya?ml$/.test(normal)) return 'workflow';
  const isHidden = normal.split('/').some((part) => part.startsWith('.') || part === 'node_modules');
  return normal.endsWith('.sluice.yaml') && !isHidden ? 'workflow' : undefined;
}

async function findScattered(projectFolder: string, below: string): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(path.join(projectFolder, below), { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const file = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await findScattered(projectFolder, file)));
    else if (entry.name.endsWith('.sluice.yaml')) found.push(file);
  }
  return found;
}

/** Names of the files in a folder; none where it is missing. */
async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
}

async function isFolder(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => undefined))?.isDirectory() === true;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
