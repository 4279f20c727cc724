import * as l10n from '@vscode/l10n';
import { LossyJsonError, parseExactJson } from '../../schemas/workflow/exact-json.ts';
import { isJsonObject, type JsonObject } from '../../schemas/workflow/json.ts';

export type PayloadEdit = { readonly ok: true; readonly payload: JsonObject } | { readonly ok: false; readonly message: string };

/** The payload that a person's text means: a JSON object, as the action's `with` is one. */
export function readPayload(text: string): PayloadEdit {
  let value: unknown;
  try {
    value = parseExactJson(text, { tellLines: true });
  } catch (error) {
    if (error instanceof LossyJsonError) return { ok: false, message: l10n.t('In the payload, {0}.', error.message) };
    return { ok: false, message: l10n.t('The payload is not valid JSON: {0}', error instanceof Error ? error.message : String(error)) };
  }
  return isJsonObject(value) ? { ok: true, payload: value } : { ok: false, message: l10n.t('The payload has to be a JSON object.') };
}
