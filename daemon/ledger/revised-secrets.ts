import { secretName } from '../../schemas/workflow/expression.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import { parseTemplate, secretsOf, type SecretUse, type Template } from '../../schemas/workflow/template.ts';

/**
 * Which places of an edited payload hold secrets: those that did before, where they still hold references. Any other text
 * stays text, since an item may have brought `${{ secrets.X }}` along, and an edit elsewhere must not make it come true.
 */
export function revisedSecrets(before: readonly SecretUse[], payload: Json): readonly SecretUse[] {
  return before.flatMap(({ path }) => {
    const text = valueAt(payload, path);
    const parsed = typeof text === 'string' ? parseTemplate(text) : undefined;
    if (parsed?.ok !== true || secretsOf(parsed.template).length === 0) return [];
    const parts = partsOf(parsed.template);
    return parts === undefined ? [] : [{ path, parts }];
  });
}

function valueAt(value: Json, path: SecretUse['path']): Json | undefined {
  let at: Json | undefined = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string | number, Json>>)[key];
  }
  return at;
}

/** Undefined where anything but texts and secrets stands in it: an edit is no place to compute. */
function partsOf(template: Template): SecretUse['parts'] | undefined {
  const parts = template.kind === 'text' ? template.parts : template.kind === 'expression' ? [template.expression] : [];
  const uses = parts.flatMap((part): SecretUse['parts'] => {
    if (typeof part === 'string') return [part];
    const name = secretName(part);
    return name === undefined ? [] : [{ secret: name }];
  });
  return uses.length === parts.length && uses.length > 0 ? uses : undefined;
}
