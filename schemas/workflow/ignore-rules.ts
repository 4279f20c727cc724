import ignoreFile, { type Ignore } from 'ignore';

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
