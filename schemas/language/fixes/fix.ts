import type { LanguageFile } from '../language-file.ts';
import type { LanguageProject } from '../language-project.ts';
import type { Message } from '../../wording/message.ts';
import type { SourceRange } from '../../workflow/diagnostic.ts';
import type { DocumentNode } from '../../workflow/document.ts';

/** What a fix is for: a diagnostic of the analysis, or a piece of advice. */
export interface Finding {
  readonly code: string;
  readonly isQuotable?: true;
  readonly range: SourceRange;
  readonly suggestions?: readonly string[];
  readonly missing?: string;
}

/** Where a finding stands, and everything around it. */
export interface FixContext {
  readonly finding: Finding;
  readonly file: LanguageFile;
  readonly project: LanguageProject;
  /** Of the finding's file. */
  readonly text: string;
  readonly root: DocumentNode | undefined;
}

/** One way to fix a finding. */
export interface Fix {
  /** In the imperative, for a menu. */
  readonly title: Message;
  readonly changes: readonly FileChange[];
  /** The one that is right nearly always. */
  readonly preferred?: boolean;
  /**
   * Whether it can't be wrong, so that it may be done to a whole file without a look at it: what stood there was refused and has one reading
   * only, or the change makes no difference to what the workflow does. A guess at a misspelt word is none of that, however likely.
   */
  readonly isSafe: boolean;
  /** The name of a secret whose value a person has to give, by a command of the editor. */
  readonly secret?: string;
}

export interface FileChange {
  /** From the project's folder. A file that isn't there is made. */
  readonly path: string;
  readonly changes: readonly TextChange[];
}

/** Makes the fixes of one kind of finding. */
export type Fixer = (context: FixContext) => readonly Fix[];

/** A fix by one change to the finding's own file; none if there is no change. */
export function changeHere({ file }: FixContext, title: Message, change: TextChange | undefined, marks: Pick<Fix, 'preferred' | 'isSafe' | 'secret'>): readonly Fix[] {
  return change === undefined ? [] : [{ title, changes: [{ path: file.path, changes: [change] }], ...marks }];
}

/** A range of a text and what is to be there. An insertion has an empty range. */
export interface TextChange {
  readonly range: SourceRange;
  readonly text: string;
}

export function insertion(at: number, text: string): TextChange {
  return { range: { start: at, end: at }, text };
}

/** Applies changes that don't overlap, whatever their order. */
export function applyChanges(text: string, changes: readonly TextChange[]): string {
  let result = text;
  for (const { range, text: added } of changes.toSorted((a, b) => b.range.start - a.range.start || b.range.end - a.range.end)) {
    result = result.slice(0, range.start) + added + result.slice(range.end);
  }
  return result;
}

/** Those that don't touch an earlier one. */
export function withoutOverlap(changes: readonly TextChange[]): readonly TextChange[] {
  const kept: TextChange[] = [];
  for (const change of changes) {
    if (kept.every(({ range }) => change.range.end < range.start || range.end < change.range.start)) kept.push(change);
  }
  return kept;
}
