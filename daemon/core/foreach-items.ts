import type { JobError } from '../../schemas/protocol/shape.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { Foreach } from '../../schemas/workflow/model.ts';
import { renderTemplate, type RenderError, type Template } from '../../schemas/workflow/template.ts';
import { message, verbatim, type MessageArg } from '../../schemas/wording/message.ts';
import { jobError } from './job-error.ts';
import type { MutableScope } from './run-scope.ts';

/** Longest key of an item, in characters. */
export const maxKey = 1000;

/** The items that an expression gives, or why there are none. */
export function renderItems(template: Template, scope: MutableScope): readonly Json[] | JobError {
  const rendered = renderTemplate(template, scope);
  if (!rendered.ok) return renderFailure(rendered.error);
  const { value } = rendered.rendered;
  return Array.isArray(value) ? (value as readonly Json[]) : jobError('invalid', 'items are not a list', message('`foreach.items` must be a list, and is {what}.', { what: nameOf(value) }));
}

/** The path of the file that holds the items, or why there is none. */
export function renderFile(template: Template, scope: MutableScope): string | JobError {
  const rendered = renderTemplate(template, scope);
  if (!rendered.ok) return renderFailure(rendered.error);
  const { value } = rendered.rendered;
  return typeof value === 'string' ? value : jobError('invalid', 'file is not text', message('`foreach.file` must be the path of a file.'));
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
  return jobError('invalid', 'unusable key', message("An item's key must be 1 to {max} characters long, and is {what}.", { max: maxKey, what: key.length === 0 ? message('empty') : nameOf(value) }));
}

export function renderFailure(error: RenderError): JobError {
  return jobError('invalid', 'expression failed', verbatim(error.message));
}

/** What sort of value it is, with its article. */
export function nameOf(value: Json): MessageArg {
  if (value === null) return 'null';
  if (Array.isArray(value)) return message('a list');
  if (typeof value === 'object') return message('an object');
  if (typeof value === 'string') return message('a string');
  return typeof value === 'number' ? message('a number') : message('a boolean');
}
