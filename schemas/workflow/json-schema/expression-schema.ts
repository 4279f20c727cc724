import { isJsonObject, type Json, type JsonObject } from '../json.ts';

/** A text that holds at least one expression. */
export const expressionText = { type: 'string', pattern: '\\$\\{\\{' } as const;

const describing = ['title', 'description', 'default', 'examples', 'x-secret'];
const onMaps = ['properties', 'patternProperties', 'dependentSchemas'];
const onOne = ['additionalProperties', 'items', 'contains', 'if', 'then', 'else', 'not'];
const onLists = ['anyOf', 'oneOf', 'allOf', 'prefixItems'];

/**
 * A schema for what an author writes, made of one for what an action gets: wherever a value is asked for, a text with
 * `${{ }}` will do, since its value is known only at run time. Which keys there are stays as strict as it was.
 */
export function allowExpressions(schema: JsonObject): JsonObject {
  return withinSchema(schema);
}

function allowed(schema: Json): Json {
  if (!isJsonObject(schema)) return schema;
  const inner = withinSchema(schema);
  const outside = Object.fromEntries(describing.filter((key) => key in inner).map((key) => [key, inner[key] ?? null]));
  const rest = Object.fromEntries(Object.entries(inner).filter(([key]) => !describing.includes(key)));
  // Texts without further conditions, and values of any kind, take an expression as it is.
  if (Object.keys(rest).length === 0 || (rest['type'] === 'string' && Object.keys(rest).length === 1)) return inner;
  return { ...outside, if: expressionText, then: {}, else: rest };
}

/** The schema with each schema in it made to allow expressions. Branches for the same value allow them already. */
function withinSchema(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withinKeyword(key, value)]));
}

function withinKeyword(key: string, value: Json): Json {
  if (onMaps.includes(key) && isJsonObject(value)) {
    const change = key === 'dependentSchemas' ? within : allowed;
    return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, change(schema)]));
  }
  if (key === 'additionalProperties' || key === 'items' || key === 'contains') return allowed(value);
  if (onOne.includes(key)) return within(value);
  if (onLists.includes(key) && Array.isArray(value)) return (value as readonly Json[]).map(key === 'prefixItems' ? allowed : within);
  return value;
}

function within(schema: Json): Json {
  return isJsonObject(schema) ? withinSchema(schema) : schema;
}
