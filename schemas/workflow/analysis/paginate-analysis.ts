import { message } from '../../wording/message.ts';
import { entryOf, type DocumentNode, type MapEntry } from '../document.ts';
import type { NextPage, Paginate } from '../model.ts';
import { expressionsOf, type Template } from '../template.ts';
import type { ExpressionPlace } from './expression-scope.ts';
import { describe, placeOf, type MapReader } from './map-reader.ts';
import type { TemplateReader } from './template-reader.ts';

const keys = ['items', 'next', 'query', 'max-pages'];

/** The action whose answers have pages. */
const pagedAction = 'http/request';

/** More pages than anybody means: what reads that many has lost its way. */
export const mostPages = 1_000_000;

/** Reads `paginate`; undefined if it is missing, or says too little to be followed. */
export function readPaginate(step: MapReader, templates: TemplateReader, at: Pick<ExpressionPlace, 'step' | 'section'>, uses: string): Paginate | undefined {
  const entry = step.entry('paginate');
  if (entry === undefined) return undefined;
  const reader = step.map('paginate', { what: "'paginate'", keys });
  if (reader === undefined) return undefined;
  if (step.has('foreach')) step.report.error('conflicting-keys', entry.keyRange, message("'paginate' and 'foreach' exclude each other: a step reads one list of pages. To read one for each item, give the pages to a workflow of their own, and run that with 'workflow/run'."));
  if (uses !== '' && uses !== pagedAction) step.report.error('conflicting-keys', entry.keyRange, message("'paginate' follows the pages of {action}; {uses} has none.", { action: pagedAction, uses }));
  const saved = entryOf(step.entry('with')?.value, 'save-as');
  if (saved !== undefined) step.report.error('conflicting-keys', saved.keyRange, message("'paginate' and 'save-as' exclude each other: the items of a page are in its body, which would be in the file."));
  const place: ExpressionPlace = { ...at, item: undefined, page: true, whyNoItem: message("only a step with 'foreach' has items"), secrets: false };
  const items = readItems(reader, templates, place);
  const next = readNext(reader, templates, place);
  const maxPages = reader.integer('max-pages', 1, mostPages);
  if (items === undefined || next === undefined) return undefined;
  return { items, next, ...(maxPages === undefined ? {} : { maxPages }) };
}

function readItems(reader: MapReader, templates: TemplateReader, place: ExpressionPlace): Template | undefined {
  const entry = reader.entry('items');
  if (entry === undefined) {
    reader.report.missing('items', reader.at, message("'paginate' must say 'items': where in a page its items are, such as {code}.", { code: '${{ page.body.results }}' }));
    return undefined;
  }
  const items = templates.template(entry.value, place);
  if (items.kind === 'expression') return items;
  if (!reader.report.hasErrorWithin(entry.value.range)) reader.report.error('wrong-type', reader.place('items'), message("'items' is an expression that gives the list of a page's items, such as {code}, not {given}.", { code: '${{ page.body.results }}', given: describe(entry.value) }));
  return undefined;
}

function readNext(reader: MapReader, templates: TemplateReader, place: ExpressionPlace): NextPage | undefined {
  const next = reader.entry('next');
  const query = reader.entry('query');
  const link = next && readLink(reader, templates, place, next);
  const parameters = query && readQuery(reader, templates, place, query.value);
  if (next !== undefined && query !== undefined) {
    reader.report.error('conflicting-keys', query.keyRange, message("'next' and 'query' exclude each other: take one out. 'next' is the URL of the next page, 'query' what its query has."));
    return undefined;
  }
  if (next === undefined && query === undefined) reader.report.error('missing-key', reader.at, message("'paginate' must say 'next' or 'query': how the next page is found."));
  return link ?? parameters;
}

function readLink(reader: MapReader, templates: TemplateReader, place: ExpressionPlace, { value }: MapEntry): NextPage | undefined {
  const link = templates.template(value, place);
  if (link.kind !== 'list' && link.kind !== 'map' && isOfPage(link)) return { kind: 'link', link };
  if (!reader.report.hasErrorWithin(value.range)) reader.report.error('wrong-type', reader.place('next'), message("'next' is an expression that gives the URL of the next page, such as {code}, not {given}.", { code: '${{ page.links.next }}', given: describe(value) }));
  return undefined;
}

function readQuery(reader: MapReader, templates: TemplateReader, place: ExpressionPlace, node: DocumentNode): NextPage | undefined {
  if (node.kind !== 'map' || node.entries.length === 0) {
    reader.report.error('wrong-type', reader.place('query'), message("'query' is a map of parameters, such as {code}, not {given}.", { code: 'query: { after: "${{ page.body.next }}" }', given: node.kind === 'map' ? message('an empty map') : describe(node) }));
    return undefined;
  }
  const parameters = node.entries.map(({ key, value }) => [key, templates.template(value, place)] as const);
  const varies = parameters.some(([, template]) => isOfPage(template));
  if (!varies && !reader.report.hasErrorWithin(node.range)) {
    const [first] = node.entries;
    const range = first === undefined ? reader.place('query') : placeOf(first.value, first.keyRange);
    reader.report.error('constant-key', range, message("'query' is the same for every page, so the same page would be read again and again. Make it of the page, such as {code}. What all pages have in common belongs in 'query' of 'with'.", { code: `${first?.key ?? 'after'}: \${{ page.body.next }}` }));
  }
  return { kind: 'query', query: parameters };
}

/** Whether it can be another one for each page. */
function isOfPage(template: Template): boolean {
  return expressionsOf(template).some(({ references }) => references.some(({ path }) => path[0] === 'page'));
}
