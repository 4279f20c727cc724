import { CompletionItemKind, type CompletionItem } from 'vscode-languageserver-types';
import { english, type Language } from '../wording/language.ts';
import { actionDefinitions } from '../workflow/actions/action-definitions.ts';
import { timeZones } from '../workflow/analysis/cron.ts';
import { nodeAt, pathAt, type DocumentPath } from '../workflow/document.ts';
import { lineStart } from '../workflow/line-map.ts';
import { defaultQueueName } from '../workflow/model.ts';
import type { Completions } from './completions.ts';
import type { LanguageFile } from './language-file.ts';
import type { LanguageProject } from './language-project.ts';
import { describeSymbol } from './symbol-description.ts';
import type { SymbolKind } from './language-symbol.ts';
import type { AnalysedStep } from '../workflow/analysis/step-analysis.ts';

/** Names of the project, at the places of a workflow that take one; undefined at any other place. */
export function completeName(project: LanguageProject, file: LanguageFile, offset: number, language = english): Completions | undefined {
  if (file.kind !== 'workflow' && file.kind !== 'config') return undefined;
  const path = pathAt(file.document.root, offset);
  const node = nodeAt(file.document.root, path);
  if (node === undefined || (node.kind === 'scalar' && (offset < node.range.start || offset > node.range.end))) return undefined;
  const keys = file.kind === 'workflow' ? completeKey(project, file, offset, language) : undefined;
  if (keys !== undefined) return keys;
  // A list of dashes reaches to the line below it, where no item of it can stand without a dash.
  if (node.kind === 'list' && file.text.charAt(node.range.start) !== '[') return undefined;
  const candidates = file.kind === 'config' ? settingsAt(project, path, language) : candidatesAt(project, file, path, language);
  if (candidates === undefined) return undefined;
  const at = node.kind === 'scalar' ? inner(file.text, node.range) : { start: offset, end: offset };
  const range = file.rangeOf(at);
  return { exclusive: true, items: candidates.map((candidate) => ({ ...candidate, filterText: candidate.label, textEdit: { range, newText: candidate.label } })) };
}

/** Of `config.yaml`: the connections that mail alerts, and time zones. */
function settingsAt(project: LanguageProject, [section, , key, last]: DocumentPath, language: Language): readonly CompletionItem[] | undefined {
  if (section !== 'alerts') return undefined;
  if (key === 'quiet-hours' && last === 'timezone') return timeZones().map((label) => ({ label, kind: CompletionItemKind.EnumMember }));
  if (key !== 'connection') return undefined;
  return project.symbols
    .ofKind('connection', '')
    .filter(({ name, declarations }) => declarations.length > 0 && (project.analysis.connections.get(name)?.type ?? 'smtp') === 'smtp')
    .map((symbol) => ({ label: symbol.name, kind: CompletionItemKind.Module, ...documented(describeSymbol(project, symbol, language)) }));
}

function candidatesAt(project: LanguageProject, file: LanguageFile, path: DocumentPath, language: Language): readonly CompletionItem[] | undefined {
  const [section, id, key, ...rest] = path;
  const symbols = (kind: SymbolKind, scope: string, itemKind: CompletionItemKind): readonly CompletionItem[] =>
    project.symbols
      .ofKind(kind, scope)
      .filter(({ declarations }) => declarations.length > 0)
      .map((symbol) => ({ label: symbol.name, kind: itemKind, ...documented(describeSymbol(project, symbol, language)) }));
  if (section === 'required' && path.length <= 2) return without(symbols('input', file.path, CompletionItemKind.Variable), listed(file, ['required'], id));
  if (section === 'on' && id === 'schedule' && rest[0] === 'timezone') return timeZones().map((label) => ({ label, kind: CompletionItemKind.EnumMember }));
  if ((section !== 'steps' && section !== 'on-failure') || typeof id !== 'string') return undefined;
  switch (key) {
    case 'needs': {
      if (rest.length > 1) return undefined;
      const steps = stepsThatMayPrecede(file, id).filter((step) => step.section === section);
      return without(
        steps.map(({ step }) => ({ label: step.id, kind: CompletionItemKind.Function, detail: step.uses })),
        listed(file, [section, id, 'needs'], rest[0]),
      );
    }
    case 'queue': {
      const declared = symbols('queue', '', CompletionItemKind.Struct);
      // Nobody has to name it, so it comes last.
      const sorted = declared.map((item) => (item.label === defaultQueueName ? { ...item, sortText: '9' } : { ...item, sortText: `1${item.label}` }));
      return sorted.some(({ label }) => label === defaultQueueName) ? sorted : [...sorted, { label: defaultQueueName, kind: CompletionItemKind.Struct, detail: language.say('the queue of steps that name none'), sortText: '9' }];
    }
    case 'uses':
      return actionDefinitions.map(({ name, summary }) => ({ label: name, kind: CompletionItemKind.Function, documentation: language.dataText(summary) }));
    case 'with':
      return namesOfInput(project, file, [section, id], rest, symbols);
    default:
      return undefined;
  }
}

/** The inputs of the workflow that a step runs, as keys of `with.inputs`; undefined at any other place. */
export function completeKey(project: LanguageProject, file: LanguageFile, offset: number, language = english): Completions | undefined {
  const path = pathAt(file.document.root, offset);
  const [section, id, key, last, ...rest] = path;
  if ((section !== 'steps' && section !== 'on-failure') || key !== 'with' || last !== 'inputs' || rest.length > 1) return undefined;
  const given = nodeAt(file.document.root, [section, id ?? '', key, last]);
  const others = given?.kind === 'map' ? given.entries.filter(({ keyRange }) => offset < keyRange.start || offset > keyRange.end) : [];
  // In the value of one.
  if (others.some((entry) => entry.key === rest[0])) return undefined;
  const typed = /(?:^|[{,])[ \t]*([\w-]*)$/.exec(file.text.slice(lineStart(file.text, offset), offset))?.[1];
  const child = nodeAt(file.document.root, [section, id ?? '', 'with', 'workflow']);
  const [declared] = child?.kind === 'scalar' ? (project.symbols.get({ kind: 'workflow', name: String(child.value), scope: '' })?.declarations ?? []) : [];
  const other = declared && project.files.get(declared.path)?.analysed;
  if (typed === undefined || declared === undefined || other?.kind !== 'workflow') return undefined;
  const names = new Set<unknown>(others.map((entry) => entry.key));
  const range = file.rangeOf({ start: offset - typed.length, end: offset });
  const items = project.symbols
    .ofKind('input', declared.path)
    .filter((symbol) => symbol.declarations.length > 0 && !names.has(symbol.name))
    .map((symbol) => ({ label: symbol.name, kind: CompletionItemKind.Property, ...documented(describeSymbol(project, symbol, language)), filterText: symbol.name, textEdit: { range, newText: `${symbol.name}: ` } }));
  return { exclusive: true, items };
}

function namesOfInput(project: LanguageProject, file: LanguageFile, step: DocumentPath, rest: DocumentPath, symbols: (kind: SymbolKind, scope: string, itemKind: CompletionItemKind) => readonly CompletionItem[]): readonly CompletionItem[] | undefined {
  const uses = nodeAt(file.document.root, [...step, 'uses']);
  const action = uses?.kind === 'scalar' ? uses.value : undefined;
  if (rest.length !== 1) return undefined;
  const wanted = actionDefinitions.find(({ name }) => name === action)?.connection;
  if (wanted !== undefined && rest[0] === 'connection') {
    return symbols('connection', '', CompletionItemKind.Module).filter(({ label }) => {
      const type = project.analysis.connections.get(label)?.type;
      return type === undefined || wanted.includes(type);
    });
  }
  if (action === 'workflow/run' && rest[0] === 'workflow') return symbols('workflow', '', CompletionItemKind.File);
  return undefined;
}

/** What a list says already, but for the place of the cursor. */
function listed(file: LanguageFile, path: DocumentPath, current: string | number | undefined): ReadonlySet<unknown> {
  const list = nodeAt(file.document.root, path);
  return new Set(list?.kind === 'list' ? list.items.flatMap((item, index) => (item.kind === 'scalar' && index !== current ? [item.value] : [])) : []);
}

function without(items: readonly CompletionItem[], names: ReadonlySet<unknown>): readonly CompletionItem[] {
  return items.filter(({ label }) => !names.has(label));
}

function documented(description: string | undefined): Pick<CompletionItem, 'documentation'> {
  return description === undefined ? {} : { documentation: { kind: 'markdown', value: description } };
}

/** Within the quotes. */
function inner(text: string, { start, end }: { readonly start: number; readonly end: number }): { readonly start: number; readonly end: number } {
  const mark = text.charAt(start);
  if (mark !== '"' && mark !== "'") return { start, end };
  return { start: start + 1, end: end - 1 > start && text.charAt(end - 1) === mark ? end - 1 : end };
}

/** Steps that a step may wait for or refer to: none that waits for it already, and none of `on-failure` for a step of `steps`. */
export function stepsThatMayPrecede({ analysed }: LanguageFile, id: string): readonly AnalysedStep[] {
  if (analysed.kind !== 'workflow') return [];
  const { steps } = analysed.analysis;
  const section = steps.get(id)?.section;
  const later = stepsBehind(steps, id);
  return [...steps.values()].filter((other) => !later.has(other.step.id) && (other.section === 'steps' || section !== 'steps'));
}

/** A step, and whatever waits for it, directly or not. */
function stepsBehind(steps: ReadonlyMap<string, AnalysedStep>, id: string): ReadonlySet<string> {
  const waiting = new Map<string, string[]>();
  for (const { step, dependencies } of steps.values()) {
    for (const { on } of dependencies) waiting.set(on, [...(waiting.get(on) ?? []), step.id]);
  }
  const found = new Set([id]);
  for (const step of found) for (const next of waiting.get(step) ?? []) found.add(next);
  return found;
}
