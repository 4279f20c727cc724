import { InsertTextFormat, type CompletionItem, type Position } from 'vscode-languageserver-types';
import { complete } from '../../../schemas/language/completion.ts';
import { isInFlow } from '../../../schemas/language/flow-collection.ts';
import { completeTemplates } from '../../../schemas/language/template-completion.ts';
import { isWithinSchemaBounds } from './library-bounds.ts';
import type { SchemaService } from './schema-service.ts';
import type { Place } from './workspace.ts';

/** What could stand at a place: what is meant there, then what the schema says, then templates. Of two of a name, the first counts. */
export async function completeAt({ project, path, file, offset }: Place & { readonly offset: number }, position: Position, schemas: SchemaService): Promise<CompletionItem[]> {
  const meant = complete(project, path, offset, { snippets: true });
  if (meant.exclusive || !isWithinSchemaBounds(file)) return [...meant.items];
  const bySchema = await schemas.complete({ text: file.text, kind: file.kind, position, isInFlow: isInFlow(file, offset) });
  const known = new Set(meant.items.map(({ label }) => label));
  const added = bySchema.filter(({ label }) => {
    const isNew = !known.has(label);
    known.add(label);
    return isNew;
  });
  return [...meant.items, ...added, ...completeTemplates(file, offset)];
}

/** The same, for an editor that knows no snippets: their text, without the places that one would jump to. */
export function withoutSnippet(item: CompletionItem): CompletionItem {
  if (item.insertTextFormat !== InsertTextFormat.Snippet) return item;
  const { insertText, textEdit, ...rest } = item;
  return {
    ...rest,
    insertTextFormat: InsertTextFormat.PlainText,
    ...(insertText === undefined ? {} : { insertText: plainText(insertText) }),
    ...(textEdit === undefined ? {} : { textEdit: { ...textEdit, newText: plainText(textEdit.newText) } }),
  };
}

/** A placeholder becomes what it proposes, the first of its choices where it has some. */
function plainText(snippet: string): string {
  return snippet.replace(/\n[ \t]*\$0$/, '\n').replace(/\\([\\$}])|\$\{\d+\|([^,|]*)[^|]*\|\}|\$\{\d+:((?:\\.|[^}\\])*)\}|\$\{\d+\}|\$\d+/g, (_, escaped: string | undefined, choice: string | undefined, proposal: string | undefined) => escaped ?? choice ?? proposal?.replace(/\\([\\$}])/g, '$1') ?? '');
}
