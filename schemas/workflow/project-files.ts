import ignoreFile, { type Ignore } from 'ignore';
import { projectFileKind, type ProjectFileKind } from './analysis/analyse-files.ts';

/** What is in a folder. */
export interface FolderEntry {
  readonly name: string;
  /** A link to a folder is none: a circle of them then has no effect. */
  readonly isFolder: boolean;
}

/** What a look at a folder gave. One that isn't there is empty; one that can't be read is something else: nobody knows what is in it. */
export type FolderLook =
  | {
      readonly ok: true;
      readonly entries: readonly FolderEntry[];
      /** The text of its `.gitignore`, if it has one. */
      readonly gitignore?: string | undefined;
    }
  | { readonly ok: false; readonly problem: string };

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
  /** Whether there are more folders than are searched. */
  readonly isPartial: boolean;
}

/** The folders of a project that are its own: what they hold belongs to it, whatever version control ignores. */
export const ownFolders = ['.sluice', '.sluice/workflows'] as const;
/** Folders outside of `.sluice/` that are searched for `*.sluice.yaml`, those near the project's own folder first. */
export const maxSearchedFolders = 5000;

/**
 * The files that make up a project: those of `.sluice/` itself, `.sluice/workflows/*.yaml|yml`, and `*.sluice.yaml` anywhere else, but not in
 * `node_modules`, folders whose names begin with a dot, and folders that `.gitignore` files leave out. What has the name of a file in
 * `.sluice/` is found whatever it is: anyone who reads it says that a folder is none.
 *
 * `above`: what `.gitignore` files of the folders above the project's say.
 */
export async function findProjectFiles(readFolder: ReadFolder, above: IgnoreRules = IgnoreRules.none): Promise<FoundFiles> {
  const failed = new Map<string, string>();
  const look = async (folder: string): Promise<Extract<FolderLook, { readonly ok: true }>> => {
    const found = await readFolder(folder);
    if (found.ok) return found;
    failed.set(folder, found.problem);
    return { ok: true, entries: [] };
  };
  const own = await Promise.all(ownFolders.map(async (folder) => (await look(folder)).entries.map(({ name }) => `${folder}/${name}`)));
  const scattered: string[] = [];
  let level: readonly (readonly [folder: string, rules: IgnoreRules])[] = [['', above]];
  let left = maxSearchedFolders;
  while (level.length > 0 && left > 0) {
    const looked = await Promise.all(level.slice(0, left).map(async ([folder, outer]) => ({ folder, outer, ...(await look(folder)) })));
    const below: [string, IgnoreRules][] = [];
    for (const { folder, outer, entries, gitignore } of looked) {
      const rules = gitignore === undefined ? outer : outer.and(folder, gitignore);
      for (const { name, isFolder } of entries) {
        const place = folder === '' ? name : `${folder}/${name}`;
        if (name.startsWith('.')) continue;
        if (!isFolder) scattered.push(place);
        else if (name !== 'node_modules' && !rules.leaveOut(place)) below.push([place, rules]);
      }
    }
    level = [...level.slice(left), ...below];
    left -= looked.length;
  }
  const files = [...own.flat(), ...scattered]
    .flatMap((file) => {
      const kind = projectFileKind(file);
      return kind === undefined ? [] : [{ kind, file }];
    })
    .sort((a, b) => (a.file < b.file ? -1 : 1));
  return { files, failed, isPartial: level.length > 0 };
}

interface Rules {
  /** What the paths that the rules are asked about begin with, and the rules don't know: the folder of their file, with a slash at its end. */
  readonly strip: string;
  /** What the paths that the rules are about begin with, and the asker doesn't know. */
  readonly prefix: string;
  readonly rules: Ignore;
}

/** Lines of a file that are read; more say nothing. */
const maxLines = 500;
/** Longest line, in characters. */
const maxLine = 200;
/** Stars in one part of a path, and parts that are `**`. Each multiplies the time that a comparison can take. */
const maxStars = 3;

/** Which folders `.gitignore` files leave out, as git reads them: the file that is nearest to a folder has the last word. */
export class IgnoreRules {
  static readonly none = new IgnoreRules([]);
  /** The nearest first. */
  readonly #files: readonly Rules[];

  private constructor(files: readonly Rules[]) {
    this.#files = files;
  }

  /** With what the `.gitignore` of a folder of the project says of that folder's content. */
  and(folder: string, text: string): IgnoreRules {
    return new IgnoreRules([{ strip: folder === '' ? '' : `${folder}/`, prefix: '', rules: ignoreFile.default().add(linesOf(text)) }, ...this.#files]);
  }

  /** With what a `.gitignore` above the project says. `project`: the project's folder, relative to that file's. */
  andAbove(project: string, text: string): IgnoreRules {
    return new IgnoreRules([{ strip: '', prefix: `${project}/`, rules: ignoreFile.default().add(linesOf(text)) }, ...this.#files]);
  }

  /** Whether nothing below a folder of the project counts; its parents are known not to be left out. */
  leaveOut(folder: string): boolean {
    for (const { strip, prefix, rules } of this.#files) {
      const { ignored, unignored } = rules.test(`${prefix}${folder.slice(strip.length)}/`);
      if (ignored || unignored) return ignored;
    }
    return false;
  }
}

/** A line that could take long is left out: what it leaves out is then searched. */
function linesOf(text: string): string[] {
  return text.split(/\r?\n/, maxLines).filter((line) => line.length <= maxLine && isQuick(line));
}

function isQuick(line: string): boolean {
  const parts = line.split('/');
  return parts.filter((part) => part === '**').length <= maxStars && parts.every((part) => part === '**' || part.split('*').length - 1 <= maxStars);
}
