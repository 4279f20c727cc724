import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import PQueue from 'p-queue';
import { findProjectFiles, type FolderLook, type FoundFile, IgnoreRules, ownFolders } from '../schemas/workflow/project-files.ts';
import { decodeText } from '../schemas/workflow/text-encoding.ts';
import { systemCodeOf } from '../schemas/protocol/error.ts';
import { readRegularFile, type FileProblem } from './regular-file.ts';

/** Longest file that is read, in bytes; the analysis has a bound of its own, with a better message. */
const maxFileBytes = 4 * 1024 * 1024;
/** A larger one says nothing. */
const maxGitignoreBytes = 256 * 1024;
/** Files that are read at the same time: each holds one of the few threads that all files are read by, and its content. */
const filesAtOnce = 16;

export interface ProjectFile extends FoundFile {
  /** Absolute. */
  readonly path: string;
}

export interface ListedProject {
  /** Sorted by name. */
  readonly files: readonly ProjectFile[];
  /** As in `FoundFiles`. */
  readonly failed: ReadonlyMap<string, string>;
  readonly isPartial: boolean;
}

/** The files that make up a project, and the folders in which there may be more. */
export async function listProjectFiles(projectFolder: string): Promise<ListedProject> {
  const { files, failed, isPartial } = await findProjectFiles((folder) => readFolder(path.join(projectFolder, folder)), await readRulesAbove(projectFolder));
  return { files: files.map(({ kind, file }) => ({ kind, file, path: path.join(projectFolder, file) })), failed, isPartial };
}

/** What `.gitignore` files above the project's folder say, up to the folder that is a repository; nothing if none is. */
export async function readRulesAbove(projectFolder: string): Promise<IgnoreRules> {
  const found: (readonly [project: string, text: string])[] = [];
  for (let folder = path.resolve(projectFolder); ; folder = path.dirname(folder)) {
    if (folder !== path.resolve(projectFolder)) {
      const text = await readGitignore(folder);
      if (text !== undefined) found.push([slashed(path.relative(folder, projectFolder)), text]);
    }
    if ((await stat(path.join(folder, '.git')).catch(() => undefined)) !== undefined) break;
    if (path.dirname(folder) === folder) return IgnoreRules.none;
  }
  // The nearest has the last word.
  return found.reverse().reduce((rules, [project, text]) => rules.andAbove(project, text), IgnoreRules.none);
}

/** Whether what a folder holds belongs to the project wherever it lies: it has to be readable then. */
export function isOwnFolder(folder: string): boolean {
  return folder === '' || ownFolders.some((own) => own === folder);
}

/** How a folder is named in messages. */
export function shownFolder(folder: string): string {
  return folder === '' ? '.' : folder;
}

/** What is in a folder. */
export async function readFolder(folder: string): Promise<FolderLook> {
  try {
    const entries = (await readdir(folder, { withFileTypes: true })).map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
    const hasGitignore = entries.some(({ name }) => name === '.gitignore');
    return { ok: true, entries, ...(hasGitignore ? { gitignore: await readGitignore(folder) } : {}) };
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return { ok: true, entries: [] };
    return { ok: false, problem: `can't be read (${error instanceof Error && 'code' in error ? String(error.code) : String(error)})` };
  }
}

/** The text of a project's file, or why it gives none. */
export async function readProjectText(path: string): Promise<{ readonly ok: true; readonly text: string } | FileProblem> {
  const read = await readRegularFile(path, maxFileBytes);
  if (!read.ok) return read;
  const decoded = decodeText(read.content);
  return decoded.ok ? decoded : { ok: false, kind: 'not-text', problem: decoded.problem };
}

/** A file of a project, as it was when it was read. */
export interface ProjectText {
  /** Empty if there is a `problem`. */
  readonly text: string;
  /** Why there is no text, as the rest of a sentence that begins with the file's name. */
  readonly problem?: string;
  /** Changes whenever the file does. */
  readonly stamp: string;
}

/**
 * The texts of files of a project, `filesAtOnce` of them at a time; `files` and the keys of the result are relative to its folder. One that is `known`
 * already and has not changed since is not read again. What went away since the files were listed is left out. Never rejects.
 */
export async function readProjectTexts(projectFolder: string, files: Iterable<string>, known: ReadonlyMap<string, ProjectText> = new Map()): Promise<Map<string, ProjectText>> {
  const queue = new PQueue({ concurrency: filesAtOnce });
  const texts = await queue.addAll([...files].map((file) => async () => [file, await readStamped(path.join(projectFolder, file), known.get(file))] as const));
  return new Map(texts.flatMap(([file, text]) => (text === undefined ? [] : [[file, text] as const])));
}

async function readStamped(file: string, known: ProjectText | undefined): Promise<ProjectText | undefined> {
  const stats = await stat(file).catch(() => undefined);
  const stamp = stats === undefined ? undefined : `${stats.mtimeMs} ${stats.ctimeMs} ${stats.size} ${stats.ino}`;
  if (stamp !== undefined && known?.stamp === stamp) return known;
  const read = await readProjectText(file);
  if (read.ok) return { text: read.text, stamp: stamp ?? '' };
  return read.kind === 'missing' ? undefined : { text: '', problem: read.problem, stamp: `${stamp ?? ''} ${read.problem}` };
}

async function readGitignore(folder: string): Promise<string | undefined> {
  const read = await readRegularFile(path.join(folder, '.gitignore'), maxGitignoreBytes);
  return read.ok ? read.content.toString('utf8') : undefined;
}

function slashed(file: string): string {
  return file.replaceAll(path.sep, '/');
}
