import type { Range, TextEdit, WorkspaceEdit } from 'vscode-languageserver-types';
import { isRoot } from '../workflow/analysis/expression-scope.ts';
import { quoted } from '../workflow/analysis/report.ts';
import { entryAt, pathAt } from '../workflow/document.ts';
import { nameProblem, type NameUse } from '../workflow/name.ts';
import { applyChanges, type TextChange } from './fixes/fix.ts';
import { addEntry } from './fixes/yaml-edit.ts';
import { symbolKey, type LanguageSymbol, type SymbolKind } from './language-symbol.ts';
import type { LanguageProject } from './language-project.ts';
import { message, type Message } from '../wording/message.ts';

/** Why a name stays as it is. */
export interface RenameRefusal {
  readonly ok: false;
  readonly reason: Message;
}

export type RenamePlace = { readonly ok: true; readonly range: Range; /** The name as it is. */ readonly placeholder: string } | RenameRefusal;
export type RenameResult = { readonly ok: true; readonly edit: WorkspaceEdit } | RenameRefusal;

/** What could be renamed at an offset. */
export function prepareRename(project: LanguageProject, path: string, offset: number): RenamePlace {
  const file = project.files.get(path);
  const occurrence = project.symbols.occurrenceAt(path, offset);
  const symbol = occurrence && project.symbols.get(occurrence);
  if (file === undefined || occurrence === undefined || symbol === undefined) return refuse(message('Nothing that has a name of its own is here.'));
  const reason = whyFixed(project, symbol);
  return reason === undefined ? { ok: true, range: file.rangeOf(occurrence.range), placeholder: symbol.name } : refuse(reason);
}

/**
 * Gives what is named at an offset another name, at every place of the project. Refuses a name that is none, that is taken, or that
 * would come to mean something else anywhere: the project is read with the new name, and must say the same as before.
 */
export function rename(project: LanguageProject, path: string, offset: number, newName: string): RenameResult {
  const place = prepareRename(project, path, offset);
  const symbol = project.symbols.at(path, offset);
  if (!place.ok || symbol === undefined) return place.ok ? refuse(message('Nothing that has a name of its own is here.')) : place;
  if (newName === symbol.name) return { ok: true, edit: { changes: {} } };
  const reason = whyNotCalled(project, symbol, newName);
  if (reason !== undefined) return refuse(reason);

  const named = [...symbol.declarations, ...symbol.references].map((occurrence) => ({ path: occurrence.path, change: { range: occurrence.range, text: newName } }));
  const given = nameGiven(project, symbol, newName);
  const byPath = Map.groupBy(given === undefined ? named : [...named, given], (place) => place.path);
  const changed = [...byPath].map(([changedPath, places]) => replaced(project, changedPath, places.map(({ change }) => change), newName));
  const after = project.with(...changed.map(({ file }) => file));
  const broken = whatBreaks(project, after, symbol, changed, newName);
  if (broken !== undefined) return refuse(broken);
  return { ok: true, edit: { changes: Object.fromEntries(changed.map(({ file, edits }) => [project.uriOf(file.path), edits])) } };
}

function whyFixed(project: LanguageProject, symbol: LanguageSymbol): Message | undefined {
  const { kind, name, declarations } = symbol;
  switch (kind) {
    case 'workflow':
      return message('A workflow is called as its file is: rename the file.');
    case 'alias':
      if (declarations.length > 0 || nameGiven(project, symbol, name) !== undefined) return undefined;
      return message("'{name}' is what an item is called where 'foreach' says nothing else: add 'as: NAME' to it.", { name });
    case 'secret':
    case 'environment':
    case 'variable':
      return undefined;
    case 'step':
      return declarations.length > 0 ? undefined : message("The step '{name}' is declared nowhere.", { name });
    case 'queue':
      return declarations.length > 0 ? undefined : message("The queue '{name}' is declared nowhere.", { name });
    case 'connection':
      return declarations.length > 0 ? undefined : message("The connection '{name}' is declared nowhere.", { name });
    case 'input':
      return declarations.length > 0 ? undefined : message("The input '{name}' is declared nowhere.", { name });
    case 'value':
      return declarations.length > 0 ? undefined : message("The value '{name}' is declared nowhere.", { name });
  }
}

/** An item that has no name of its own is given one: `as` is added to its `foreach`. Undefined if that can't be done, or needn't be. */
function nameGiven(project: LanguageProject, { kind, declarations, references: [first] }: LanguageSymbol, newName: string): { readonly path: string; readonly change: TextChange } | undefined {
  const file = first && project.files.get(first.path);
  if (kind !== 'alias' || declarations.length > 0 || first === undefined || file === undefined) return undefined;
  const { root } = file.document;
  const foreach = entryAt(root, [...pathAt(root, first.range.start).slice(0, 2), 'foreach']);
  const change = foreach && addEntry(file.text, foreach, { key: 'as', value: newName });
  return change && { path: file.path, change };
}

function whyNotCalled(project: LanguageProject, { kind, scope }: LanguageSymbol, newName: string): Message | undefined {
  const problem = nameProblem(newName, uses[kind], quoted(newName));
  if (problem !== undefined) return problem.message;
  if ((kind === 'alias' || kind === 'variable') && isRoot(newName)) return message("'{name}' means something else in expressions.", { name: newName });
  const other = project.symbols.get({ kind, scope, name: newName });
  if (other === undefined) return undefined;
  return other.declarations.length > 0 ? taken[kind](newName) : message("'{name}' is named in the project already.", { name: newName });
}

interface ChangedFile {
  readonly file: { readonly path: string; readonly text: string };
  readonly edits: TextEdit[];
  /** Where the new name is in the new text. */
  readonly starts: readonly number[];
}

function replaced(project: LanguageProject, path: string, changes: readonly TextChange[], newName: string): ChangedFile {
  const file = project.files.get(path);
  const sorted = changes.toSorted((a, b) => a.range.start - b.range.start);
  const edits = sorted.flatMap(({ range, text }) => (file === undefined ? [] : [{ range: file.rangeOf(range), newText: text }]));
  let grown = 0;
  const starts = sorted.map(({ range, text }) => {
    grown += text.length - (range.end - range.start);
    // Whatever is written ends with the name.
    return range.end + grown - newName.length;
  });
  return { file: { path, text: applyChanges(file?.text ?? '', changes), ...(file === undefined ? {} : { kind: file.kind }) }, edits, starts };
}

/** What the new name does besides being a name: it is taken for something else, or something else for it. */
function whatBreaks(before: LanguageProject, after: LanguageProject, symbol: LanguageSymbol, changed: readonly ChangedFile[], newName: string): Message | undefined {
  const found = changed.flatMap(({ file, starts }) => starts.map((start) => after.symbols.occurrenceAt(file.path, start)));
  const keys = new Set(found.map((occurrence) => (occurrence?.name === newName && occurrence.kind === symbol.kind ? symbolKey(occurrence) : '')));
  const [first] = found;
  const renamed = first && after.symbols.get(first);
  const count = changed.reduce((sum, { starts }) => sum + starts.length, 0);
  if (keys.size !== 1 || keys.has('') || renamed === undefined || renamed.declarations.length + renamed.references.length !== count) {
    return message("'{name}' would mean something else at some of the places that name '{before}'.", { name: newName, before: symbol.name });
  }
  for (const { file } of changed) {
    // A secret is set under its new name sooner or later.
    const known = new Set((before.analysis.diagnostics.get(file.path) ?? []).map(({ code }) => code));
    const added = (after.analysis.diagnostics.get(file.path) ?? []).find(({ code, severity }) => severity === 'error' && code !== 'unknown-secret' && !known.has(code));
    if (added !== undefined) return message('With that name, {file} would be wrong: {problem}', { file: file.path, problem: added.message });
  }
  return undefined;
}

/** That something of the kind has the name already. */
const taken: Readonly<Record<SymbolKind, (name: string) => Message>> = {
  workflow: (name) => message("There is a workflow '{name}' already.", { name }),
  step: (name) => message("There is a step '{name}' already.", { name }),
  queue: (name) => message("There is a queue '{name}' already.", { name }),
  connection: (name) => message("There is a connection '{name}' already.", { name }),
  secret: (name) => message("There is a secret '{name}' already.", { name }),
  input: (name) => message("There is an input '{name}' already.", { name }),
  value: (name) => message("There is a value '{name}' already.", { name }),
  alias: (name) => message("There is an item '{name}' already.", { name }),
  variable: (name) => message("There is a variable '{name}' already.", { name }),
  environment: (name) => message("There is an environment variable '{name}' already.", { name }),
};

/** How expressions read what it is. */
const uses: Readonly<Record<SymbolKind, NameUse>> = {
  workflow: 'none', step: 'field', queue: 'none', connection: 'none', secret: 'field', input: 'field', value: 'field', alias: 'variable', variable: 'variable', environment: 'field',
};

function refuse(reason: Message): RenameRefusal {
  return { ok: false, reason };
}
