import { message } from '../../wording/message.ts';
import type { DocumentNode } from '../document.ts';
import type { Template } from '../template.ts';
import type { ExpressionPlace } from './expression-scope.ts';
import { describe, type MapReader, placeOf } from './map-reader.ts';
import { quoted } from './report.ts';
import type { TemplateReader } from './template-reader.ts';
import type { SourceRange } from '../diagnostic.ts';

const place: ExpressionPlace = { step: '', section: 'steps', item: undefined, whyNoItem: message('a connection has no items'), secrets: true };

/** What a value that may hold secrets is otherwise. */
export interface SecretUse {
  /** It is nothing but secret, so a literal text is worth a warning. */
  readonly isSecret: boolean;
  readonly mayBeEmpty?: boolean;
}

/** A text of a connection in which references to secrets may stand, and nothing else that varies; undefined if it is missing or wrong, which is reported. */
export function readSecretText(reader: MapReader, key: string, templates: TemplateReader, use: SecretUse = { isSecret: true }): Template | undefined {
  const entry = reader.entry(key);
  return entry && readSecretNode(reader, { key, node: entry.value, at: placeOf(entry.value, entry.keyRange) }, templates, use);
}

/** The same for a value that is not directly below a key of the reader. */
export function readSecretNode({ report }: MapReader, { key, node, at }: { readonly key: string; readonly node: DocumentNode; readonly at: SourceRange }, templates: TemplateReader, { isSecret, mayBeEmpty = false }: SecretUse): Template | undefined {
  const template = templates.template(node, place, () => true);
  switch (template.kind) {
    case 'expression':
    case 'text':
      if (referencesSecretsOnly(template)) return template;
      if (!report.hasErrorWithin(node.range)) report.error('unknown-name', at, message('A connection knows secrets only: write {code}.', { code: '${{ secrets.NAME }}' }));
      return undefined;
    case 'literal':
    case 'list':
    case 'map':
      if (node.kind === 'scalar' && typeof node.value === 'string' && (mayBeEmpty || node.value !== '')) {
        // Reported already, if its braces are not closed.
        if (isSecret && node.value !== '' && !node.value.includes('${{')) {
          report.warning('bad-value', at, message("The {what} is in the file, where everyone who reads the project sees it. Write {code} and set it with 'sluice secrets set NAME'.", { what: key, code: '${{ secrets.NAME }}' }));
        }
        return template;
      }
      report.error(
        'wrong-type',
        at,
        isSecret
          ? message('{key} is a reference such as {code}, not {given}.', { key: quoted(key), code: '${{ secrets.NAME }}', given: describe(node) })
          : message('{key} is a text, not {given}.', { key: quoted(key), given: describe(node) }),
      );
      return undefined;
  }
}

function referencesSecretsOnly(template: Extract<Template, { kind: 'expression' | 'text' }>): boolean {
  const expressions = template.kind === 'expression' ? [template.expression] : template.parts.filter((part) => typeof part !== 'string');
  return expressions.every(({ references }) => references.length > 0 && references.every(({ path }) => path[0] === 'secrets'));
}
