import type { ExpressionField } from '../workflow/expression-type.ts';
import type { Json } from '../workflow/json.ts';
import { english } from '../wording/language.ts';

/** What a schema says of a field, as Markdown; empty where it says nothing. */
export function describeField({ description, examples = [], ...field }: Omit<ExpressionField, 'type' | 'required'>): string {
  const parts = [
    ...(description === undefined ? [] : [description]),
    ...('default' in field ? [`Default: ${asCode(field.default ?? null)}`] : []),
    ...(examples.length === 0 ? [] : [english.say('{count, plural, =1 {Example: {list}} other {Examples: {list}}}', { count: examples.length, list: examples.slice(0, 3).map(asCode).join(', ') })]),
  ];
  return parts.join('\n\n');
}

function asCode(value: Json): string {
  const text = JSON.stringify(value);
  const shown = text.length > 120 ? `${text.slice(0, 119)}…` : text;
  // A backtick inside would end the code.
  return `\`${shown.replaceAll('`', 'ˋ')}\``;
}
