import type { FormFields, FormScalar, HttpRequestInput } from '../../schemas/workflow/actions/http-request.ts';

/** Fields of `with` that make the body. */
export const bodyFields = ['json', 'form', 'text', 'multipart'] as const;

/** A body that is a text, and its type. */
export function textBody(input: HttpRequestInput): { readonly content: string; readonly type: string } | undefined {
  if (input.json !== undefined) return { content: JSON.stringify(input.json), type: 'application/json' };
  if (input.form !== undefined) return { content: new URLSearchParams(pairs(input.form)).toString(), type: 'application/x-www-form-urlencoded' };
  if (input.text !== undefined) return { content: input.text, type: 'text/plain; charset=utf-8' };
  return undefined;
}

/** A list repeats its name; `null` is left out. */
export function pairs(fields: FormFields | undefined): [string, string][] {
  const list: [string, string][] = [];
  for (const [name, value] of Object.entries(fields ?? {})) {
    for (const one of Array.isArray(value) ? (value as readonly FormScalar[]) : [value as FormScalar]) if (one !== null) list.push([name, String(one)]);
  }
  return list;
}
