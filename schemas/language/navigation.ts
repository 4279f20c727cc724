import { type DocumentHighlight, DocumentHighlightKind, type DocumentLink, type Location, type LocationLink } from 'vscode-languageserver-types';
import type { AnalysedStep } from '../workflow/analysis/step-analysis.ts';
import type { SourceRange } from '../workflow/diagnostic.ts';
import { type DocumentNode, nodeAt } from '../workflow/document.ts';
import type { LanguageProject } from './language-project.ts';
import type { SymbolOccurrence } from './language-symbol.ts';

/** Every place of the project that names what is named at an offset, declarations first where they are asked for. */
export function findReferences(project: LanguageProject, path: string, offset: number, includeDeclaration: boolean): Location[] {
  const symbol = project.symbols.at(path, offset);
  if (symbol === undefined) return [];
  return [...(includeDeclaration ? symbol.declarations : []), ...symbol.references].flatMap((occurrence) => locationOf(project, occurrence) ?? []);
}

function locationOf(project: LanguageProject, { path, range }: Pick<SymbolOccurrence, 'path' | 'range'>): Location | undefined {
  const file = project.files.get(path);
  return file && { uri: project.uriOf(path), range: file.rangeOf(range) };
}

/** Where what is named at an offset is declared. Empty if nothing is, or where it has no place in a file, as secrets. */
export function findDefinition(project: LanguageProject, path: string, offset: number): LocationLink[] {
  const occurrence = project.symbols.occurrenceAt(path, offset);
  const origin = project.files.get(path);
  if (occurrence === undefined || origin === undefined) return [];
  return (project.symbols.get(occurrence)?.declarations ?? []).flatMap(({ path: target, range }) => {
    const file = project.files.get(target);
    if (file === undefined) return [];
    const targetRange = file.rangeOf(range);
    return [{ originSelectionRange: origin.rangeOf(occurrence.range), targetUri: project.uriOf(target), targetRange, targetSelectionRange: targetRange }];
  });
}

/** Every place of a file that names what is named at an offset of it; `Write` where it is declared. */
export function highlight(project: LanguageProject, path: string, offset: number): DocumentHighlight[] {
  const symbol = project.symbols.at(path, offset);
  const file = project.files.get(path);
  if (symbol === undefined || file === undefined) return [];
  return [...symbol.declarations, ...symbol.references]
    .filter((occurrence) => occurrence.path === path)
    .sort((a, b) => a.range.start - b.range.start)
    .map(({ range, role }) => ({ range: file.rangeOf(range), kind: role === 'declaration' ? DocumentHighlightKind.Write : DocumentHighlightKind.Read }));
}

/** The files that a workflow names: items of `foreach`, templates, attachments, other workflows. Those that an expression names are left out. */
export function documentLinks(project: LanguageProject, path: string): DocumentLink[] {
  const file = project.files.get(path);
  if (file?.analysed.kind !== 'workflow') return [];
  return [...file.analysed.analysis.steps.values()]
    .flatMap((step) => linksOf(project, step))
    .map(({ range, target, tooltip }) => ({ range: file.rangeOf(range), target: project.uriOf(target), tooltip }));
}

interface Link {
  readonly range: SourceRange;
  /** A file's path. */
  readonly target: string;
  readonly tooltip: string;
}

function linksOf(project: LanguageProject, { entry: { value }, step }: AnalysedStep): readonly Link[] {
  const file = (node: DocumentNode | undefined, tooltip: string): readonly Link[] => {
    const named = textAt(node);
    return named === undefined || !isWithinProject(named.text) ? [] : [{ range: named.range, target: named.text.replace(/^\.\//, ''), tooltip }];
  };
  const links = [...file(nodeAt(value, ['foreach', 'file']), 'Open the file of items')];
  if (step.uses === 'email/send') {
    links.push(...file(nodeAt(value, ['with', 'template']), 'Open the template'));
    const attachments = nodeAt(value, ['with', 'attachments']);
    for (const attachment of attachments?.kind === 'list' ? attachments.items : []) links.push(...file(nodeAt(attachment, ['path']), 'Open the attachment'));
  }
  if (step.uses === 'workflow/run') {
    const named = textAt(nodeAt(value, ['with', 'workflow']));
    const target = named && project.symbols.get({ kind: 'workflow', name: named.text, scope: '' })?.declarations[0]?.path;
    if (named !== undefined && target !== undefined) links.push({ range: named.range, target, tooltip: 'Open the workflow' });
  }
  return links;
}

function textAt(node: DocumentNode | undefined): { readonly text: string; readonly range: SourceRange } | undefined {
  if (node?.kind !== 'scalar' || typeof node.value !== 'string' || node.value === '' || node.value.includes('${{')) return undefined;
  const isQuoted = node.style === 'single-quoted' || node.style === 'double-quoted';
  return { text: node.value, range: isQuoted ? { start: node.source.start + 1, end: node.source.end - 1 } : node.source };
}

/** Named relative to the project's folder, and in it. */
function isWithinProject(path: string): boolean {
  return !/^(?:[/\\]|[A-Za-z]:|\w+:\/\/)/.test(path) && !path.split(/[/\\]/).includes('..');
}
