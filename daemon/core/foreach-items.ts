import type { JobError } from '../../schemas/protocol/shape.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { Foreach } from '../../schemas/workflow/model.ts';
import { renderTemplate, type RenderError, type Template } from '../../schemas/workflow/template.ts';
import type { MutableScope } from './run-scope.ts';

/** Longest key of an item, in characters. */
const maxKey = 1000;

/** The items that an expression gives, or why there are none. */
export function renderItems(template: Template, scope: MutableScope): readonly Json[] | JobError {
  const rendered = renderTemplate(template, scope);
  if (!rendered.ok) return renderFailure(rendered.error);
  const { value } = rendered.rendered;
  return Array.isArray(value) ? (value as readonly Json[]) : { kind: 'invalid', cause: 'items are not a list', message: `\`foreach.items\` must be a list, and is ${nameOf(value)}.` };
}

/** The path of the file that holds the items, or why there is none. */
export function renderFile(template: Template, scope: MutableScope): string | JobError {
  const rendered = renderTemplate(template, scope);
  if (!rendered.ok) return renderFailure(rendered.error);
  const { value } = rendered.rendered;
  return typeof value === 'string' ? value : { kind: 'invalid', cause: 'file is not text', message: '`foreach.file` must be the path of a file.' };
}

/**
 * The key of the item at `index`, or why it can't have one; `null` if items have no keys. The scope is that of this item afterwards: its job's
 * payload can be rendered with it.
 */
export function enterItem({ as, key: template }: Pick<Foreach, 'as' | 'key'>, scope: MutableScope, item: Json, index: number): string | null | JobError {
  scope[as] = item;
  scope['job'] = { index };
  const key = template === undefined ? null : renderKey(template, scope);
  if (typeof key !== 'object' || key === null) scope['job'] = { index, key };
  return key;
}

function renderKey(template: Template, scope: MutableScope): string | JobError {
  const rendered = renderTemplate(template, scope);
  if (!rendered.ok) return renderFailure(rendered.error);
  const { value } = rendered.rendered;
  const key = typeof value === 'string' ? value : JSON.stringify(value);
  if (key.length > 0 && key.length <= maxKey && value !== null) return key;
  return { kind: 'invalid', cause: 'unusable key', message: `An item's key must be 1 to ${maxKey} characters long, and is ${key.length === 0 ? 'empty' : nameOf(value)}.` };
}

export function renderFailure(error: RenderError): JobError {
  return { kind: 'invalid', cause: 'expression failed', message: error.message };
}

function nameOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
