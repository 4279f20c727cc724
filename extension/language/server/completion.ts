import type { CompletionItem, Hover, Position } from 'vscode-languageserver-types';
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
