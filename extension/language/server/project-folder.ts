import { stat } from 'node:fs/promises';
import path from 'node:path';
import { projectFileKind } from '../../../schemas/workflow/analysis/analyse-files.ts';

/** Where a file of a project lies. */
export interface ProjectPath {
  /** The project's folder, absolute. */
  readonly folder: string;
  /** From there, with forward slashes. */
  readonly path: string;
}

/** The project that a file belongs to; undefined if it is none of a project's files. The file itself need not be there. */
export async function locate(file: string): Promise<ProjectPath | undefined> {
  const [, folder, inside] = /^(.*)[\\/](\.sluice[\\/].*)$/s.exec(file) ?? [];
  if (folder !== undefined && inside !== undefined) return within(folder === '' ? path.parse(file).root : folder, file);
  const above = await projectAbove(path.dirname(file));
  return above === undefined ? undefined : within(above, file);
}

/** The project's folder that a folder is, or lies in. */
export async function projectAbove(folder: string): Promise<string | undefined> {
  for (let above = folder; ; above = path.dirname(above)) {
    if (await isFolder(path.join(above, '.sluice'))) return above;
    if (path.dirname(above) === above) return undefined;
  }
}

function within(folder: string, file: string): ProjectPath | undefined {
  const inside = path.relative(folder, file).replaceAll(path.sep, '/');
  return projectFileKind(inside) === undefined ? undefined : { folder, path: inside };
}

async function isFolder(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => undefined))?.isDirectory() === true;
}
