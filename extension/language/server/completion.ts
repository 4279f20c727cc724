import type { CompletionItem, Position } from 'vscode-languageserver-types';
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
