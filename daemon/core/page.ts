import type { JobError } from '../../schemas/protocol/shape.ts';
import { message } from '../../schemas/wording/message.ts';
import { told } from '../../schemas/wording/told.ts';
import { evaluateExpression, type Scope } from '../../schemas/workflow/expression/expression.ts';
import type { Json, JsonObject } from '../../schemas/workflow/json.ts';
import type { NextPage, Paginate } from '../../schemas/workflow/model.ts';
import { renderTemplate, type Template } from '../../schemas/workflow/template.ts';
import { nameOf, renderFailure } from './foreach-items.ts';
import { jobError } from './job-error.ts';
import { linksOf } from './link-header.ts';

/** What leads to the next page, computed; undefined: there is none. */
export type Successor = { readonly kind: 'link'; readonly link: string } | { readonly kind: 'query'; readonly query: Readonly<Record<string, QueryValue>> } | undefined;

export type QueryScalar = string | number | boolean | null;
/** `null`: the parameter is left out. */
export type QueryValue = QueryScalar | readonly QueryScalar[];

/** What expressions see as `page`. `output`: that of the page's job. */
export function pageValue(output: JsonObject, number: number): JsonObject {
  const { headers } = output;
  const link = typeof headers === 'object' && headers !== null && !Array.isArray(headers) ? (headers as JsonObject)['link'] : undefined;
  return { ...output, number, links: typeof link === 'string' ? linksOf(link) : {} };
}

/** The items of a page, or why it has none. The scope has the `page`. */
export function pageItems({ items: template }: Paginate, scope: Scope): readonly Json[] | JobError {
  const rendered = renderTemplate(template, scope);
  if (!rendered.ok) return jobError('invalid', 'items of the page', message("The page's items can't be found: {problem}", { problem: rendered.error.message }));
  const { value } = rendered.rendered;
  if (Array.isArray(value)) return value as readonly Json[];
  return jobError('invalid', 'items of the page', message('`paginate.items` must be a list, and is {what}. Where a page without items has no list, say so: {code}.', { what: nameOf(value), code: '`${{ default(page.body.results, []) }}`' }));
}

/**
 * What leads to the page after this one, or why that can't be told. There is none where all that leads to it is null, missing, or an empty text, as an API says that there is
 * nothing more in one of these ways.
 */
export function successorOf({ next }: Paginate, scope: Scope): Successor | JobError {
  return next.kind === 'link' ? linkOf(next.link, scope) : queryOf(next.query, scope);
}

function linkOf(template: Template, scope: Scope): Successor | JobError {
  // Text around nothing is no link.
  if (template.kind === 'text' && template.parts.every((part) => typeof part === 'string' || isNothing(part, scope))) return undefined;
  const value = valueOf(template, scope);
  if (isFault(value)) return value;
  const link = value.value;
  if (link === null || link === '') return undefined;
  return typeof link === 'string' ? { kind: 'link', link } : jobError('invalid', 'next page', message('`paginate.next` must be the URL of the next page, or null, and is {what}.', { what: nameOf(link) }));
}

function queryOf(parameters: Extract<NextPage, { kind: 'query' }>['query'], scope: Scope): Successor | JobError {
  const query: Record<string, QueryValue> = {};
  let isAny = false;
  for (const [name, template] of parameters) {
    const value = valueOf(template, scope);
    if (isFault(value)) return value;
    const given = value.value === '' ? null : value.value;
    if (!isQueryValue(given)) return jobError('invalid', 'next page', message('{name} of `paginate.query` must be a text, a number, a boolean, a list of these, or null, and is {what}.', { name, what: nameOf(given) }));
    query[name] = given;
    // What is the same for every page says nothing of whether there is another.
    if (given !== null && template.kind !== 'literal') isAny = true;
  }
  return isAny ? { kind: 'query', query } : undefined;
}

/** What is missing counts as null. */
function valueOf(template: Template, scope: Scope): { readonly value: Json } | JobError {
  const rendered = renderTemplate(template, scope);
  if (rendered.ok) return { value: rendered.rendered.value };
  return rendered.error.error.kind === 'missing' ? { value: null } : renderFailure(rendered.error);
}

function isNothing(expression: Parameters<typeof evaluateExpression>[0], scope: Scope): boolean {
  const result = evaluateExpression(expression, scope);
  return result.ok ? result.value === null || result.value === '' : result.error.kind === 'missing';
}

function isFault(value: object): value is JobError {
  return 'cause' in value;
}

function isQueryValue(value: Json): value is QueryValue & Json {
  return Array.isArray(value) ? value.every(isScalar) : isScalar(value);
}

function isScalar(value: unknown): value is QueryScalar {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** Pages that a step reads which doesn't say how many: an API that never ends would be read for ever. */
export const defaultMaxPages = 100_000;

/** The `max-pages` of a step has ended it. */
export function cutWarning(maxPages: number): string {
  return told(message('{count, plural, one {There are more pages than `max-pages` allows: # was read.} other {There are more pages than `max-pages` allows: # were read.}}', { count: maxPages })).message;
}

/** A step without `max-pages` goes on for so long that something must be wrong. */
export function tooManyPages(): JobError {
  return jobError('invalid', 'too many pages', message('There are more than {count} pages. If that is right, say how many may be read: `max-pages`.', { count: defaultMaxPages }));
}
