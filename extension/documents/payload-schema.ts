import { schemes } from '../base/ids.ts';
import { actionDefinitions } from '../../schemas/workflow/actions/action-definitions.ts';
import { LossyJsonError, parseExactJson } from '../../schemas/workflow/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../../schemas/workflow/json.ts';
import { say } from '../wording/language.ts';

/** What `jsonValidation` of package.json matches payloads of this action by. */
export function payloadPattern(action: string): string {
  return `/${schemes.deadLetter}:/${action}/*.json`;
}

/** With an authority, because VS Code takes no other address for one. */
export function payloadSchemaUrl(action: string): string {
  return `${schemes.schema}://actions/${action}.json`;
}

/** The schema at a path of ours, as VS Code's JSON support reads it; undefined if there is no such action. */
export function payloadSchemaText(path: string): string | undefined {
  const action = actionDefinitions.find(({ name }) => path === `/${name}.json`);
  if (action === undefined) return undefined;
  return JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...asMap(withMarkdown(action.input)), markdownDescription: action.summary }, null, 2);
}

/** Our descriptions are Markdown, which VS Code draws only from a keyword of its own. */
function withMarkdown(schema: Json): Json {
  if (Array.isArray(schema)) return (schema as readonly Json[]).map(withMarkdown);
  if (!isJsonObject(schema)) return schema;
  const { description } = schema;
  return {
    ...Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, withMarkdown(value)])),
    ...(typeof description === 'string' ? { markdownDescription: description } : {}),
  };
}

function asMap(value: Json): Readonly<Record<string, Json>> {
  return isJsonObject(value) ? value : {};
}

export type PayloadEdit = { readonly ok: true; readonly payload: JsonObject } | { readonly ok: false; readonly message: string };

/** The payload that a person's text means: a JSON object, as the action's `with` is one. */
export function readPayload(text: string): PayloadEdit {
  let value: unknown;
  try {
    // What was copied out of a file can bring its byte order mark along, which nobody sees.
    value = parseExactJson(text.replace(/^\uFEFF/, ''), { tellLines: true });
  } catch (error) {
    if (error instanceof LossyJsonError) return { ok: false, message: say('In the payload, {problem}.', { problem: error.message }) };
    return { ok: false, message: say('The payload is not valid JSON: {problem}', { problem: error instanceof Error ? error.message : String(error) }) };
  }
  return isJsonObject(value) ? { ok: true, payload: value } : { ok: false, message: say('The payload has to be a JSON object.') };
}
