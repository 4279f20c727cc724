import { CodeActionKind, TextEdit, type CodeAction, type CreateFile, type TextDocumentEdit, type WorkspaceEdit } from 'vscode-languageserver-types';
import { english, type Language } from '../wording/language.ts';
import type { Diagnostic as AnalysisFinding, SourceRange, DiagnosticCode } from '../workflow/diagnostic.ts';
import { visibleText } from '../workflow/visible-text.ts';
import type { Advice, AdviceCode } from './advice/advice.ts';
import { toDiagnostic } from './diagnostics.ts';
import { deadLetterAlertFix, dedupeFix, escapedExpressionFix, missingNeedsFix, needlessNeedsFix, otherBracesFix, selfNeedsFix } from './fixes/advice-fix.ts';
import {
  literalSecretFix,
  undeclaredConnectionFix,
  undeclaredInputFix,
  undeclaredQueueFix,
  unknownEnvironmentFix,
  unknownSecretFix,
} from './fixes/declaration-fixes.ts';
import { type FileChange, type Fix, type TextChange, withoutOverlap, type FixContext, type Fixer } from './fixes/fix.ts';
import { duplicateKeyFix, missingKeyFix, removeKeyFix, takePlaceFix } from './fixes/key-fixes.ts';
import { bareExpressionFix, bareTextFix, durationFix, durationWithinFix, percentageFix, quoteFix, rateFix, suggestionFix } from './fixes/value-fixes.ts';
import type { LanguageFile } from './language-file.ts';
import type { LanguageProject } from './language-project.ts';

/** Mends in one go what there is no doubt about. Editors run it on save where `editor.codeActionsOnSave` says so. */
export const fixAllKind = `${CodeActionKind.SourceFixAll}.sluice`;

/** The editor's command that asks for the value of a secret; takes a {@link SetSecretArgument}. */
export const setSecretCommand = 'sluice.setSecret';

export interface SetSecretArgument {
  /** Of the file that names it. */
  readonly uri: string;
  readonly secret: string;
}

export interface CodeActionOptions {
  /** Kinds that are asked for, each with those below it; left out, quick fixes. */
  readonly only?: readonly string[] | undefined;
  /** Whether the editor has {@link setSecretCommand}. */
  readonly canSetSecrets?: boolean;
  /** What titles and findings are told in; default English. */
  readonly language?: Language;
}

/** Quick fixes for what was found within a range of a file, and `source.fixAll.sluice` where it is asked for. */
export function codeActions(project: LanguageProject, path: string, range: SourceRange, { only, canSetSecrets = false, language = english }: CodeActionOptions = {}): CodeAction[] {
  const file = project.files.get(path);
  if (file === undefined) return [];
  const isWanted = (kind: string): boolean => only === undefined || only.some((wanted) => kind === wanted || kind.startsWith(`${wanted}.`));
  const actions: CodeAction[] = [];
  if (isWanted(CodeActionKind.QuickFix)) {
    for (const finding of findingsOf(project, path)) {
      if (finding.range.end < range.start || range.end < finding.range.start) continue;
      for (const fix of fixesFor({ finding, file, project, text: file.text, root: file.document.root })) {
        if (fix.changes.length > 0 || canSetSecrets) actions.push(quickFix(project, file, finding, fix, { canSetSecrets, language }));
      }
    }
  }
  if (only !== undefined && isWanted(fixAllKind)) actions.push(...fixAll(project, file, language));
  return actions;
}

/** Beside what the analysis suggests, which fixes findings of every kind. */
const fixers: Readonly<Partial<Record<DiagnosticCode | AdviceCode, readonly Fixer[]>>> = {
  'yaml-syntax': [bareExpressionFix, bareTextFix],
  'duplicate-key': [duplicateKeyFix],
  'bad-duration': [durationFix],
  'bad-retry': [durationWithinFix],
  'bad-rate': [rateFix, durationWithinFix],
  'bad-percentage': [percentageFix],
  'bad-value': [literalSecretFix],
  'wrong-type': [quoteFix],
  'unknown-key': [takePlaceFix, removeKeyFix],
  'missing-key': [missingKeyFix],
  'unknown-queue': [undeclaredQueueFix],
  'unknown-connection': [undeclaredConnectionFix],
  'unknown-input': [undeclaredInputFix],
  'unknown-environment': [unknownEnvironmentFix],
  'unknown-secret': [unknownSecretFix],
  'self-reference': [selfNeedsFix],
  'literal-secret': [literalSecretFix],
  'escaped-expression': [escapedExpressionFix],
  'other-braces': [otherBracesFix],
  'no-dedupe': [dedupeFix],
  'no-dead-letter-alert': [deadLetterAlertFix],
  'needless-needs': [needlessNeedsFix],
  'missing-needs': [missingNeedsFix],
};

/** Every way to fix a finding, the likeliest first; at most one of them is marked as preferred. */
function fixesFor(context: FixContext): readonly Fix[] {
  const own = fixers[context.finding.code as DiagnosticCode | AdviceCode] ?? [];
  const fixes = [suggestionFix, ...own].flatMap((fixer) => fixer(context));
  const preferred = fixes.find((fix) => fix.preferred === true);
  return fixes.map((fix) => (fix === preferred || fix.preferred !== true ? fix : { ...fix, preferred: false }));
}

/** Changes to one file that fix every finding of it about which there is no doubt. */
function fixAllChanges(project: LanguageProject, file: LanguageFile): readonly TextChange[] {
  const changes = findingsOf(project, file.path).flatMap((finding) => {
    const fix = fixesFor({ finding, file, project, text: file.text, root: file.document.root }).find(({ isSafe, preferred }) => isSafe && preferred === true);
    return fix === undefined ? [] : fix.changes.flatMap((change) => (change.path === file.path ? change.changes : []));
  });
  return withoutOverlap(changes);
}

function findingsOf(project: LanguageProject, path: string): readonly (AnalysisFinding | Advice)[] {
  return [...(project.analysis.diagnostics.get(path) ?? []), ...(project.advice.get(path) ?? [])];
}

function quickFix(project: LanguageProject, file: LanguageFile, finding: AnalysisFinding | Advice, { title: words, changes, preferred = false, secret }: Fix, { canSetSecrets, language }: { readonly canSetSecrets: boolean; readonly language: Language }): CodeAction {
  const title = visibleText(language.textOf(words));
  const argument: SetSecretArgument | undefined = secret === undefined || !canSetSecrets ? undefined : { uri: project.uriOf(file.path), secret };
  return {
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [toDiagnostic(file, finding, language)],
    ...(preferred ? { isPreferred: true } : {}),
    ...(changes.length > 0 ? { edit: workspaceEdit(project, changes) } : {}),
    ...(argument === undefined ? {} : { command: { title, command: setSecretCommand, arguments: [argument] } }),
  };
}

function fixAll(project: LanguageProject, file: LanguageFile, language: Language): readonly CodeAction[] {
  const changes = fixAllChanges(project, file);
  if (changes.length === 0) return [];
  return [{ title: language.say('Fix all that is certain'), kind: fixAllKind, edit: workspaceEdit(project, [{ path: file.path, changes }]) }];
}

function workspaceEdit(project: LanguageProject, fileChanges: readonly FileChange[]): WorkspaceEdit {
  if (fileChanges.every(({ path }) => project.files.has(path))) {
    return { changes: Object.fromEntries(fileChanges.map(({ path, changes }) => [project.uriOf(path), editsOf(project.files.get(path), changes)])) };
  }
  const documentChanges: (CreateFile | TextDocumentEdit)[] = [];
  for (const { path, changes } of fileChanges) {
    const uri = project.uriOf(path);
    if (!project.files.has(path)) documentChanges.push({ kind: 'create', uri, options: { ignoreIfExists: true } });
    documentChanges.push({ textDocument: { uri, version: null }, edits: editsOf(project.files.get(path), changes) });
  }
  return { documentChanges };
}

/** Of a file that isn't there yet, all changes are at its beginning. */
function editsOf(file: LanguageFile | undefined, changes: readonly TextChange[]): TextEdit[] {
  const nowhere = { line: 0, character: 0 };
  return changes.map(({ range, text }) => TextEdit.replace(file?.rangeOf(range) ?? { start: nowhere, end: nowhere }, text));
}
