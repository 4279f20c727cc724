import { TextDocument } from 'vscode-languageserver-textdocument';
import { CompletionItemKind, type CompletionItem, type Hover, type Position } from 'vscode-languageserver-types';
import { getLanguageService, type LanguageService } from 'yaml-language-server';
import { editorSchema, type EditorSchemaUse } from '../../../schemas/language/editor-schema.ts';
import { foreachSnippet } from '../../../schemas/language/templates/step-templates.ts';
import type { ProjectFileKind } from '../../../schemas/workflow/analysis/analyse-files.ts';
import { english, type Language } from '../../../schemas/wording/language.ts';
import { publishedSchemas } from '../../../schemas/workflow/json-schema/published-schemas.ts';

/** A text, what it is a file of, and a place in it. */
export interface SchemaPlace {
  readonly text: string;
  readonly kind: ProjectFileKind;
  readonly position: Position;
  /** Whether it stands within `{ }` or `[ ]`; left out, it doesn't. */
  readonly isInFlow?: boolean;
}

const kinds = Object.keys(publishedSchemas) as readonly ProjectFileKind[];

/**
 * What our JSON Schemas say about a place: by yaml-language-server, used as a library. It gets texts without anything of a project, and
 * never validates: our own analysis says all that the schemas could, better, and once.
 */
export class SchemaService {
  /** Of texts that were asked about: yaml-language-server has one cache in a process, by name and version, for all services. */
  static #version = 0;
  readonly #services = new Map<EditorSchemaUse, LanguageService>();
  readonly #language: Language;

  /** `language`: what keys are described in. */
  constructor(language = english) {
    this.#language = language;
  }

  /** Keys, values and snippets, as an editor takes them that knows snippets. */
  async complete(place: SchemaPlace): Promise<CompletionItem[]> {
    const isInFlow = place.isInFlow === true;
    const stopgap = isInFlow ? withStopgap(place) : undefined;
    const { document, position } = this.#focused(stopgap ?? place);
    const list = await orNothing(this.#service('completion').doComplete(document, position, false));
    if (list === undefined) return [];
    const behind = document.getText({ start: position, end: { line: position.line + 1, character: 0 } });
    const items = list.items.flatMap((item, index) => fixed(item, index, /^[\w-]*\s*:/.test(behind)) ?? []);
    const fitting = isInFlow ? items.map(inOneLine) : items;
    return stopgap === undefined ? fitting : fitting.map((item) => withoutStopgap(item, place.position));
  }

  async hover(place: SchemaPlace): Promise<Hover | undefined> {
    const { document, position } = this.#focused(place);
    const hover = await orNothing(this.#service('hover').doHover(document, position));
    const contents = hover?.contents;
    const isEmpty = contents === undefined || (typeof contents === 'object' && 'value' in contents && contents.value === '');
    return isEmpty ? undefined : (hover ?? undefined);
  }

  /** Only what matters at the place is read: the service checks the whole text against the schema for each question. */
  #focused({ text, kind, position }: SchemaPlace): { readonly document: TextDocument; readonly position: Position } {
    return { document: TextDocument.create(`file:///${kind}.yaml`, 'yaml', this.#next(), focusText(text, position.line)), position };
  }

  #next(): number {
    return (SchemaService.#version += 1);
  }

  #service(use: EditorSchemaUse): LanguageService {
    const known = this.#services.get(use);
    if (known !== undefined) return known;
    const service = getLanguageService({
      // All schemas are given: nothing is ever fetched.
      schemaRequestService: () => Promise.reject(new Error('Schemas are not fetched.')),
      workspaceContext: { resolveRelativePath: (relative) => relative },
      clientCapabilities: { textDocument: { completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown', 'plaintext'] } } } },
    });
    service.configure({
      validate: false,
      completion: true,
      hover: true,
      hoverSchemaSource: false,
      yamlVersion: '1.2',
      schemas: kinds.map((kind) => ({ uri: `sluice-schema://${kind}`, fileMatch: [`${kind}.yaml`], schema: editorSchema(publishedSchemas[kind], use, this.#language) })),
    });
    this.#services.set(use, service);
    return service;
  }
}

/** The library fails on some texts that are broken, on a key that is none for one, or has no answer at all: then schemas have nothing to say about them. */
async function orNothing<Answer>(answer: Promise<Answer> | undefined): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch {
    return undefined;
  }
}

/**
 * An item as it should be: none for the skeletons that the service makes of whatever is required, `on` without the quotes that YAML 1.1
 * would need, a colon behind each key, and in the order of the schema.
 */
function fixed(item: CompletionItem, index: number, colonFollows: boolean): CompletionItem | undefined {
  if (item.kind === CompletionItemKind.Class || item.label === 'Inline schema') return undefined;
  const change = (text: string): string => {
    if (item.label === 'foreach' && item.kind === CompletionItemKind.Property && !colonFollows) return foreachSnippet;
    const plain = text.replace(/^"on"/, 'on').replace(/^([\w-]+:) +\n/, '$1\n');
    return item.kind === CompletionItemKind.Property && !plain.includes(':') && !colonFollows ? `${plain}: ` : plain;
  };
  const { textEdit, insertText, ...rest } = item;
  return {
    ...rest,
    sortText: `5${String(index).padStart(3, '0')}`,
    ...(insertText === undefined ? {} : { insertText: change(insertText) }),
    ...(textEdit === undefined ? {} : { textEdit: { ...textEdit, newText: change(textEdit.newText) } }),
  };
}

/** Between brackets, the service answers only where there is a word: one is put where a key or a value could begin. */
function withStopgap({ text, kind, position }: SchemaPlace): SchemaPlace | undefined {
  const lines = text.split('\n');
  const line = lines[position.line] ?? '';
  const [before, behind] = [line.slice(0, position.character), line.slice(position.character)];
  if (!/(?:[{,[]\s*|:\s+|^\s*)$/.test(before) || !/^\s*(?:[}\],#]|$)/.test(behind)) return undefined;
  lines[position.line] = `${before}x${behind}`;
  return { text: lines.join('\n'), kind, position };
}

function withoutStopgap(item: CompletionItem, at: Position): CompletionItem {
  const { textEdit } = item;
  return textEdit === undefined ? item : { ...item, textEdit: { range: { start: at, end: at }, newText: textEdit.newText } };
}

/** What would stand below a key is behind it, in brackets. */
function inOneLine(item: CompletionItem): CompletionItem {
  const { textEdit, insertText } = item;
  return {
    ...item,
    ...(insertText === undefined ? {} : { insertText: flowSnippet(insertText) }),
    ...(textEdit === undefined ? {} : { textEdit: { ...textEdit, newText: flowSnippet(textEdit.newText) } }),
  };
}

function flowSnippet(snippet: string): string {
  const [key = '', ...below] = snippet.split('\n');
  if (below.length === 0) return snippet;
  const entries = below.map((line) => line.trim()).filter((line) => line !== '');
  if (entries.length === 0) return `${key.trimEnd()} { $1 \\}`;
  if (entries.every((entry) => entry.startsWith('- '))) return `${key.trimEnd()} [${entries.map((entry) => entry.slice(2)).join(', ')}]`;
  return below.every((line) => /^ {2}\S/.test(line)) ? `${key.trimEnd()} { ${entries.join(', ')} \\}` : `${key.trimEnd()} `;
}

/** Texts up to this many lines are left whole, in lines. */
const smallLines = 150;

/**
 * A text of the same lines, in which all is blank that lies away from one line: the other entries of its top-level key, and what is
 * below the other top-level keys. So a question about a place of a long file costs what it costs in a short one.
 *
 * It goes by indentation alone, so it works on text that is being typed; what it can't tell apart stays.
 */
function focusText(text: string, line: number): string {
  const lines = text.split('\n');
  if (lines.length <= smallLines) return text;
  const section = blockAround(lines, { from: 0, to: lines.length }, line, 0);
  const indent = indentBelow(lines, section);
  const entry = indent === 0 ? section : blockAround(lines, section, line, indent);
  return lines
    .map((one, index) => {
      const stays = (index >= entry.from && index < entry.to) || index === section.from || indentOf(one) === 0;
      return stays ? one : '';
    })
    .join('\n');
}

interface Block {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** The lines of the entry, of those that begin at an indentation, that a line belongs to. */
function blockAround(lines: readonly string[], { from, to }: Block, line: number, indent: number): Block {
  let start = Math.min(line, to - 1);
  while (start > from && !(isText(lines[start]) && indentOf(lines[start]) <= indent && start <= line)) start -= 1;
  let end = line + 1;
  while (end < to && !(isText(lines[end]) && indentOf(lines[end]) <= indent)) end += 1;
  return { from: start, to: end };
}

/** The indentation of the first line below a section's own; 0 where it has none. */
function indentBelow(lines: readonly string[], { from, to }: Block): number {
  for (let index = from + 1; index < to; index += 1) {
    if (isText(lines[index])) return indentOf(lines[index]);
  }
  return 0;
}

/** Neither blank nor a comment. */
function isText(line: string | undefined): boolean {
  return line !== undefined && /^\s*[^\s#]/.test(line);
}

function indentOf(line: string | undefined): number {
  return line?.search(/\S|$/) ?? 0;
}
