import type { CodeAction, WorkspaceEdit } from 'vscode-languageserver-types';
import { applyChanges } from '../../schemas/language/fixes/fix.ts';
import type { LanguageProject } from '../../schemas/language/language-project.ts';

/** The project after an edit, as an editor would make it. Of a project whose URIs are its paths. */
export function applyEdit(project: LanguageProject, edit: WorkspaceEdit | undefined): LanguageProject {
  return changesOf(edit).reduce((changed, [path, edits]) => {
    const before = project.files.get(path);
    const changes = edits.map(({ range, newText }) => ({ range: { start: before?.offsetAt(range.start) ?? 0, end: before?.offsetAt(range.end) ?? 0 }, text: newText }));
    return changed.with({ path, text: applyChanges(before?.text ?? '', changes) });
  }, project);
}

type FileEdits = readonly [path: string, edits: NonNullable<WorkspaceEdit['changes']>[string]];

/** The changes of texts in an edit, by file, in either form that LSP has for them. */
export function changesOf(edit: CodeAction['edit']): readonly FileEdits[] {
  const versioned = (edit?.documentChanges ?? []).flatMap((change): readonly FileEdits[] =>
    'textDocument' in change ? [[change.textDocument.uri, change.edits.flatMap((one) => ('newText' in one ? [one] : []))]] : [],
  );
  return [...Object.entries(edit?.changes ?? {}), ...versioned];
}
