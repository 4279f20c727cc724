import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { findProjectFiles, type FolderLook } from '../../../schemas/workflow/project-files.ts';
import { decodeText } from '../../../schemas/workflow/text-encoding.ts';
import { projectFileKind } from '../../../schemas/workflow/analysis/analyse-files.ts';
import { readRegularFile } from '../../regular-file.ts';
import { limits } from './limits.ts';

/** Where a file of a project lies. */
export interface ProjectPath {
  /** The project's folder, absolute. */
  readonly folder: string;
  /** From there, with forward slashes. */
  readonly path: string;
}

/** A file's text with what tells whether it has changed. */
export interface StampedText {
  readonly text: string;
  readonly stamp: string;
}

/** The project that a file belongs to; undefined where it is none of a project's files. The file itself need not be there. */
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

/** The texts of a project's files by path. Those that are known already and have not changed are not read again. */
export async function readProject(folder: string, known: ReadonlyMap<string, StampedText>): Promise<ReadonlyMap<string, StampedText>> {
  const { files } = await findProjectFiles((below) => readFolder(path.join(folder, below)));
  const texts = await Promise.all(files.map(async ({ file }) => [file, await readText(path.join(folder, file), known.get(file))] as const));
  return new Map(texts.flatMap(([file, text]) => (text === undefined ? [] : [[file, text] as const])));
}

/** One that can't be read counts as empty: the daemon says so. */
async function readFolder(folder: string): Promise<FolderLook> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const rules = entries.some(({ name }) => name === '.gitignore') ? await readRegularFile(path.join(folder, '.gitignore'), limits.gitignoreBytes) : undefined;
  return {
    ok: true,
    entries: entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() })),
    ...(rules?.kind === 'read' ? { gitignore: rules.content.toString('utf8') } : {}),
  };
}

function within(folder: string, file: string): ProjectPath | undefined {
  const inside = path.relative(folder, file).replaceAll(path.sep, '/');
  return projectFileKind(inside) === undefined ? undefined : { folder, path: inside };
}

/** Undefined for what can't be read, or is too large: the daemon says so, and there is nothing to show here. */
async function readText(file: string, known: StampedText | undefined): Promise<StampedText | undefined> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    const stamp = `${mtimeMs} ${size} ${ino}`;
    if (known?.stamp === stamp) return known;
    const read = await readRegularFile(file, limits.textLength);
    if (read.kind !== 'read') return undefined;
    const decoded = decodeText(read.content);
    return decoded.ok ? { text: decoded.text, stamp } : undefined;
  } catch {
    return undefined;
  }
}

async function isFolder(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => undefined))?.isDirectory() === true;
}
