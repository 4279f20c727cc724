import { type CompletionItem, type Hover, type Position, InsertTextFormat, InsertTextMode, type ClientCapabilities } from 'vscode-languageserver';
import { complete } from '../../../schemas/language/completion.ts';
import { isInFlow } from '../../../schemas/language/open-expression.ts';
import { hover } from '../../../schemas/language/hover.ts';
import { completeTemplates } from '../../../schemas/language/template-completion.ts';
import type { Language } from '../../../schemas/wording/language.ts';
import { isWithinSchemaBounds } from './limits.ts';
import type { SchemaService } from './schema-service.ts';
import type { Place } from './workspace.ts';

/** What could be at a place: what is meant there, then what the schema says, then templates. Of two of a name, the first counts. */
export async function completeAt({ project, path, file, offset }: Place & { readonly offset: number }, position: Position, schemas: SchemaService, language: Language): Promise<CompletionItem[]> {
  const meant = complete(project, path, offset, { snippets: true, language });
  if (meant.exclusive || !isWithinSchemaBounds(file)) return [...meant.items];
  const bySchema = await schemas.complete({ text: file.text, kind: file.kind, position, isInFlow: isInFlow(file, offset) });
  const known = new Set(meant.items.map(({ label }) => label));
  const added = bySchema.filter(({ label }) => {
    const isNew = !known.has(label);
    known.add(label);
    return isNew;
  });
  return [...meant.items, ...added, ...completeTemplates(file, offset, language)];
}

/** What is known about a place: what is meant by it, else what the schema says. */
export async function hoverAt({ project, path, file, offset }: Place & { readonly offset: number }, position: Position, schemas: SchemaService, language: Language): Promise<Hover | undefined> {
  const meant = hover(project, path, offset, language);
  if (meant !== undefined || !isWithinSchemaBounds(file)) return meant;
  return schemas.hover({ text: file.text, kind: file.kind, position });
}

/** What a client does with the text of a completion. */
export interface InsertTextAbilities {
  readonly snippets: boolean;
  /** It indents further lines as far as the one that the text is inserted in, where an item says so; else the server does. */
  readonly adjustsIndentation: boolean;
}

export function insertTextAbilities({ textDocument }: ClientCapabilities): InsertTextAbilities {
  const item = textDocument?.completion?.completionItem;
  return { snippets: item?.snippetSupport === true, adjustsIndentation: item?.insertTextModeSupport?.valueSet.includes(InsertTextMode.adjustIndentation) === true };
}

/** Where the text of a completion is inserted. */
export interface InsertPlace {
  /** The line, with its indentation. */
  readonly line: string;
  /** That of the file. */
  readonly lineBreak: '\r\n' | '\n';
}

/** An item as a client can take it: no snippet where it knows none, further lines as far in as they belong, and the file's line breaks. */
export function fitted(item: CompletionItem, { line, lineBreak }: InsertPlace, { snippets, adjustsIndentation }: InsertTextAbilities): CompletionItem {
  const whole = indented(snippets ? item : withoutSnippet(item), line, adjustsIndentation);
  return lineBreak === '\n' ? whole : withTexts(whole, (text) => text.replace(/\n/g, lineBreak));
}

/** LSP 3.16: without a mode, further lines are inserted as they are, whatever the editor does by itself. */
function indented(item: CompletionItem, line: string, adjustsIndentation: boolean): CompletionItem {
  const { insertTextMode: _, ...rest } = item;
  if (!(item.textEdit?.newText ?? item.insertText ?? '').includes('\n')) return rest;
  if (adjustsIndentation) return { ...rest, insertTextMode: InsertTextMode.adjustIndentation };
  const margin = /^[ \t]*/.exec(line)?.[0] ?? '';
  return withTexts(rest, (text) => text.replace(/\n(?=[^\n])/g, `\n${margin}`));
}

function withoutSnippet(item: CompletionItem): CompletionItem {
  return item.insertTextFormat === InsertTextFormat.Snippet ? { ...withTexts(item, plainText), insertTextFormat: InsertTextFormat.PlainText } : item;
}

function withTexts({ insertText, textEdit, ...rest }: CompletionItem, change: (text: string) => string): CompletionItem {
  return {
    ...rest,
    ...(insertText === undefined ? {} : { insertText: change(insertText) }),
    ...(textEdit === undefined ? {} : { textEdit: { ...textEdit, newText: change(textEdit.newText) } }),
  };
}

/** A placeholder becomes what it proposes, the first of its choices where it has some. */
function plainText(snippet: string): string {
  return snippet.replace(/\n[ \t]*\$0$/, '\n').replace(/\\([\\$}])|\$\{\d+\|([^,|]*)[^|]*\|\}|\$\{\d+:((?:\\.|[^}\\])*)\}|\$\{\d+\}|\$\d+/g, (_, escaped: string | undefined, choice: string | undefined, proposal: string | undefined) => escaped ?? choice ?? proposal?.replace(/\\([\\$}])/g, '$1') ?? '');
}
