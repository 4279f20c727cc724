import type { Hover, Position } from 'vscode-languageserver-types';
import { limits } from './limits.ts';
import type { SchemaService } from './schema-service.ts';
import type { Place } from './workspace.ts';

/** What is known about a place: what is meant by it, else what the schema says. */
export async function hoverAt({ file }: Place & { readonly offset: number }, position: Position, schemas: SchemaService): Promise<Hover | undefined> {
  return file.text.length > limits.schemaTextLength ? undefined : schemas.hover({ text: file.text, kind: file.kind, position });
}
