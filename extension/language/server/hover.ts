import type { Hover, Position } from 'vscode-languageserver-types';
import { hover } from '../../../schemas/language/hover.ts';
import type { Language } from '../../../schemas/wording/language.ts';
import { isWithinSchemaBounds } from './library-bounds.ts';
import type { SchemaService } from './schema-service.ts';
import type { Place } from './workspace.ts';

/** What is known about a place: what is meant by it, else what the schema says. */
export async function hoverAt({ project, path, file, offset }: Place & { readonly offset: number }, position: Position, schemas: SchemaService, language: Language): Promise<Hover | undefined> {
  const meant = hover(project, path, offset, language);
  if (meant !== undefined || !isWithinSchemaBounds(file)) return meant;
  return schemas.hover({ text: file.text, kind: file.kind, position });
}
