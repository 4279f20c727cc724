import { CompletionItemKind, InsertTextFormat, type CompletionItem, type MarkupContent, type Range } from 'vscode-languageserver-types';
import { english, type Language } from '../wording/language.ts';
import { roots } from '../workflow/analysis/expression-scope.ts';
import type { SourceRange } from '../workflow/diagnostic.ts';
import { childrenOf, type ASTNode } from '../workflow/expression/ast.ts';
import { mapsOf, valuesOf } from '../workflow/expression/checker.ts';
import { namespaces } from '../workflow/expression/function.ts';
import { alternativesOf, describeType, mayBeAnything, type ExpressionField, type ExpressionType, type TypeKind } from '../workflow/expression/type.ts';
import { signalFunction, statusFunctions } from '../workflow/expression/functions/general.ts';
import { awaitedSignals } from '../workflow/analysis/signal-link-analysis.ts';
import { bindCallable, type Callable, describeCallable, globalCallables, methodCallables } from './signature-help.ts';
import type { CompletionOptions, Completions } from './completions.ts';
import { expressionCursor, type ExpressionCursor, type Probe, probeExpression, siteAt } from './expression-cursor.ts';
import { describeField } from './editor-schema.ts';
import type { LanguageFile } from './language-file.ts';
import type { LanguageProject } from './language-project.ts';
import { stepsThatMayPrecede } from './name-completion.ts';
import { describeSymbol, pageDescription, rootDescriptions } from './symbol-description.ts';

/** What could be at a place of an expression; undefined if none stands. */
export function completeExpression(project: LanguageProject, file: LanguageFile, offset: number, options: CompletionOptions): Completions | undefined {
  const cursor = expressionCursor(file, offset);
  if (cursor === undefined) return completeSecret(project, file, offset);
  const probe = probeExpression(cursor.source, cursor.at, cursor.scope);
  return { exclusive: true, items: probe === undefined ? [] : new ExpressionCompletion(project, file, cursor, probe, options).items() };
}

/** Where a secret may stand and no expression does yet, one is offered whole. */
function completeSecret(project: LanguageProject, file: LanguageFile, offset: number): Completions | undefined {
  const site = siteAt(file, offset);
  if (site?.place.secrets !== true || !/(?:^|[\s"':])$/.test(file.text.slice(site.node.source.start, offset))) return undefined;
  const position = file.positionAt(offset);
  return {
    exclusive: false,
    items: secretNames(project).map((name) => ({
      label: `\${{ secrets.${name} }}`,
      filterText: `secrets.${name}`,
      kind: CompletionItemKind.Constant,
      sortText: `9${name}`,
      textEdit: { range: { start: position, end: position }, newText: `\${{ secrets.${name} }}` },
    })),
  };
}

/** Those that are set, and those that the project names already. */
function secretNames(project: LanguageProject): readonly string[] {
  return [...new Set([...(project.secrets ?? []), ...project.symbols.ofKind('secret').map(({ name }) => name)])].sort();
}

/** Sort keys: what is likely comes first. */
const order = { local: '0', field: '1', root: '2', status: '3', method: '4', function: '5', word: '6' } as const;

class ExpressionCompletion {
  readonly #project: LanguageProject;
  readonly #file: LanguageFile;
  readonly #cursor: ExpressionCursor;
  readonly #probe: Probe;
  readonly #snippets: boolean;
  readonly #language: Language;
  readonly #range: Range;

  constructor(project: LanguageProject, file: LanguageFile, cursor: ExpressionCursor, probe: Probe, { snippets = false, language = english }: CompletionOptions) {
    this.#project = project;
    this.#file = file;
    this.#cursor = cursor;
    this.#probe = probe;
    this.#snippets = snippets;
    this.#language = language;
    this.#range = this.#rangeOf(probe.range);
  }

  items(): readonly CompletionItem[] {
    switch (this.#probe.kind) {
      case 'text':
        return this.#texts();
      case 'member':
        return this.#members();
      case 'name':
        return this.#names();
    }
  }

  #names(): readonly CompletionItem[] {
    const { around, locals } = this.#probe;
    const [node, parent] = around;
    if (node !== undefined && parent !== undefined && isBinder(node, parent)) return [];
    const { place } = this.#cursor;
    const isAlone = this.#isAlone();
    const seen = (place.roots ?? roots).filter((root) => root !== 'secrets' || (place.secrets && isAlone));
    const items: CompletionItem[] = [...locals].map(([name, type]) => this.#item(name, CompletionItemKind.Variable, order.local, { detail: describeType(type) }));
    if (place.item !== undefined && !locals.has(place.item)) items.push(this.#item(place.item, CompletionItemKind.Variable, order.local, { detail: this.#detailOf(place.item), documentation: markdown(this.#language.say('The current item of `foreach`.')) }));
    if (place.page === true && !locals.has('page')) items.push(this.#item('page', CompletionItemKind.Variable, order.local, { detail: this.#detailOf('page'), documentation: markdown(this.#language.dataText(pageDescription)) }));
    for (const root of seen) if (!locals.has(root)) items.push(this.#item(root, CompletionItemKind.Module, order.root, { documentation: markdown(this.#language.dataText(rootDescriptions[root])) }));
    if (this.#cursor.form === 'script') {
      items.push(this.#item('now', CompletionItemKind.Variable, order.root, { documentation: markdown(this.#language.say('The time of the attempt, a `Date`.')) }));
      return items;
    }
    for (const callable of globalCallables.values()) {
      if (callable.name.includes('.')) continue;
      const isStatus = statusFunctions.has(callable.name);
      // What they ask about is settled before the step starts.
      if (isStatus && this.#cursor.form !== 'condition') continue;
      items.push(this.#call(callable, isStatus ? order.status : order.function));
    }
    items.push(this.#item('cel', CompletionItemKind.Module, order.word, { documentation: markdown(bindCallable === undefined ? '' : describeCallable(bindCallable, this.#language)) }));
    for (const name of namespaces) if (!locals.has(name) && name !== place.item) items.push(this.#item(name, CompletionItemKind.Module, order.word, { detail: namespaced(name).map((callable) => callable.name).join(', ') }));
    for (const word of ['true', 'false', 'null']) items.push(this.#item(word, CompletionItemKind.Keyword, order.word));
    return items;
  }

  #members(): readonly CompletionItem[] {
    const { around, receiver } = this.#probe;
    const [node] = around;
    const holder = node?.op === '.' ? node.args[0] : node?.op === 'rcall' ? node.args[1] : undefined;
    if (holder?.op === 'id' && !this.#probe.locals.has(holder.args)) {
      if (holder.args === 'cel') return bindCallable === undefined ? [] : [this.#call(bindCallable, order.method)];
      if (namespaces.has(holder.args) && holder.args !== this.#cursor.place.item) return namespaced(holder.args).map((callable) => this.#call(callable, order.method));
      if (holder.args === 'secrets') return this.#secrets();
      if (holder.args === 'steps' && this.#cursor.place.roots === undefined) return this.#steps();
    }
    return [...this.#fields(receiver), ...(this.#cursor.form === 'script' ? [] : this.#methods(receiver))];
  }

  #secrets(): readonly CompletionItem[] {
    const { secrets } = this.#project;
    if (!this.#cursor.place.secrets) return [];
    return secretNames(this.#project).map((name) => this.#item(name, CompletionItemKind.Constant, order.field, { detail: secrets === undefined ? undefined : secrets.includes(name) ? this.#language.say('set') : this.#language.say('not set') }));
  }

  #steps(): readonly CompletionItem[] {
    return stepsThatMayPrecede(this.#file, this.#cursor.place.step).map(({ step }) => {
      const symbol = this.#project.symbols.get({ kind: 'step', name: step.id, scope: this.#file.path });
      return this.#item(step.id, CompletionItemKind.Function, order.field, { detail: step.uses, documentation: symbol && markdown(describeSymbol(this.#project, symbol, this.#language) ?? '') });
    });
  }

  #fields(type: ExpressionType): readonly CompletionItem[] {
    return fieldsOf(type).map(([name, field]) => this.#field(name, field));
  }

  #field(name: string, field: ExpressionField): CompletionItem {
    const item = this.#item(name, CompletionItemKind.Field, order.field, { detail: field.required ? describeType(field.type) : this.#language.say('{type}, may be missing', { type: describeType(field.type) }), documentation: markdown(describeField(field, this.#language)) });
    if (isName(name)) return item;
    // `output.message-id` would be a subtraction: the dot gives way to brackets.
    const { receiverEnd, range } = this.#probe;
    const written = `[${quoted(name)}]`;
    const dot = this.#cursor.source.slice(receiverEnd, range.start);
    return { ...item, filterText: `${dot}${name}`, textEdit: { range: this.#rangeOf({ start: receiverEnd, end: range.end }), newText: written } };
  }

  #methods(type: ExpressionType): readonly CompletionItem[] {
    // Nobody goes through the keys of a map whose fields are known.
    const kinds = alternativesOf(type).filter((one) => one.kind !== 'map' || one.fields.size === 0).map(({ kind }) => kind);
    const fits = (taken: readonly TypeKind[] | undefined): boolean => taken === undefined || mayBeAnything(type) || kinds.some((kind) => taken.includes(kind));
    // What also takes text, because text can say a time, comes behind what is about text.
    const isFor = (taken: readonly TypeKind[] | undefined): boolean => taken?.[0] !== 'timestamp' || mayBeAnything(type) || kinds.includes('timestamp');
    return [...methodCallables.values()].filter(({ receiver }) => fits(receiver)).map((callable) => this.#call(callable, isFor(callable.receiver) ? order.method : order.word));
  }

  /** Keys in brackets, names of signals, and values that the other side of a comparison can have. */
  #texts(): readonly CompletionItem[] {
    const { around, typeOf } = this.#probe;
    const [node, parent, beyond] = around;
    if (node === undefined || parent === undefined) return [];
    if (parent.op === '[]' && parent.args[1] === node) {
      const [holder] = parent.args;
      if (holder.op === 'id' && holder.args === 'steps') return this.#steps();
      if (holder.op === 'id' && holder.args === 'secrets') return this.#secrets();
      return fieldsOf(typeOf(holder)).map(([name, field]) => this.#item(name, CompletionItemKind.Field, order.field, { detail: describeType(field.type), documentation: markdown(describeField(field, this.#language)) }));
    }
    if (parent.op === 'call' && parent.args[0] === signalFunction) return this.#signals().map((name) => this.#item(name, CompletionItemKind.EnumMember, order.field));
    const comparison = parent.op === 'list' && beyond?.op === 'in' ? beyond : parent;
    const side = comparison === parent ? node : parent;
    if (comparison.op !== '==' && comparison.op !== '!=' && comparison.op !== 'in') return [];
    const other = comparison.args.find((one) => one !== side);
    return other === undefined ? [] : valuesOf(typeOf(other)).filter((value) => value !== '').map((value) => this.#item(value, CompletionItemKind.EnumMember, order.field));
  }

  /** Names that steps wait for. */
  #signals(): readonly string[] {
    const { analysed } = this.#file;
    return analysed.kind === 'workflow' ? awaitedSignals(analysed.analysis.steps.values()).names : [];
  }

  #call(callable: Callable, sort: string): CompletionItem {
    const { label, kind } = callable;
    const name = callable.name.slice(callable.name.indexOf('.') + 1);
    const written = this.#snippets ? `${name}(${this.#snippetArguments(callable)})` : name;
    const item = this.#item(name, kind === 'function' ? CompletionItemKind.Function : CompletionItemKind.Method, sort, { detail: label, documentation: markdown(describeCallable(callable, this.#language)) });
    return { ...item, textEdit: { range: this.#range, newText: written }, ...(this.#snippets ? { insertTextFormat: InsertTextFormat.Snippet } : {}) };
  }

  #snippetArguments({ parameters, kind, name }: Callable): string {
    const needed = parameters.filter(({ isOptional }) => !isOptional);
    const isBinding = kind === 'macro' && name !== 'has' && name !== 'default';
    return needed.map((parameter, index) => `\${${index + 1}:${isBinding ? boundName(needed, index) : parameter.name}}`).join(', ');
  }

  #item(label: string, kind: CompletionItemKind, sort: string, { detail, documentation }: { readonly detail?: string | undefined; readonly documentation?: MarkupContent | undefined } = {}): CompletionItem {
    return {
      label,
      kind,
      sortText: `${sort}${label}`,
      ...(detail === undefined || detail === '' ? {} : { detail }),
      ...(documentation === undefined || documentation.value === '' ? {} : { documentation }),
      textEdit: { range: this.#range, newText: label },
    };
  }

  #detailOf(name: string): string | undefined {
    const type = this.#cursor.scope(name);
    return type && describeType(type);
  }

  /** Whether nothing but the word at the cursor is written yet. */
  #isAlone(): boolean {
    const { start, end } = this.#probe.range;
    return `${this.#cursor.source.slice(0, start)}${this.#cursor.source.slice(end)}`.trim() === '';
  }

  #rangeOf(range: SourceRange): Range {
    return this.#file.rangeOf(this.#cursor.locate(range));
  }
}

function fieldsOf(type: ExpressionType): readonly (readonly [string, ExpressionField])[] {
  return [...new Map(mapsOf(type).flatMap(({ fields }) => [...fields]))];
}

/** Whether a node is where a macro takes the name of its variable. */
function isBinder(node: ASTNode, parent: ASTNode): boolean {
  if (parent.op !== 'rcall') return false;
  const [name, receiver, [first]] = parent.args;
  if (first !== node) return false;
  return (methodCallables.get(name)?.kind === 'macro' && childrenOf(parent).length > 1) || (name === 'bind' && receiver.op === 'id' && receiver.args === 'cel');
}

/** In snippets of macros, a lone variable is `x`; of two, `i` comes first. */
function boundName(parameters: Callable['parameters'], index: number): string {
  const { name = '' } = parameters[index] ?? {};
  if (parameters[1]?.name === 'other') return name === 'name' ? 'i' : name === 'other' ? 'x' : name;
  return index === 0 ? 'x' : name;
}

function namespaced(name: string): readonly Callable[] {
  return [...globalCallables.values()].filter((callable) => callable.name.startsWith(`${name}.`));
}

function isName(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text);
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function markdown(value: string): MarkupContent {
  return { kind: 'markdown', value };
}
