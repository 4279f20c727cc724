import type { CsvFormat } from '../csv-format.ts';
import type { Expression } from '../expression/expression.ts';
import type { Foreach, ItemSource } from '../model.ts';
import { expressionsOf, type Template } from '../template.ts';
import { roots, type ExpressionPlace } from './expression-scope.ts';
import { describe, reportBadName, type MapReader } from './map-reader.ts';
import { readCsvFormat } from './csv-format-reader.ts';
import { readTolerance } from './policy-reader.ts';
import { quoted } from './report.ts';
import type { TemplateReader } from './template-reader.ts';
import { message, sentences } from '../../wording/message.ts';

const keys = ['items', 'file', 'csv', 'as', 'where', 'batch', 'key', 'on-item-failure', 'tolerate'];

/** Items of one job. More than that is nothing that another side takes in one call. */
const maxBatch = 1000;

/** What could be made out of `foreach`. */
export interface ReadForeach {
  /** Undefined if it has no items that could be gone through. */
  readonly model: Foreach | undefined;
  readonly as: string;
  /** Something is wrong with what the item is called. */
  readonly isAsUncertain: boolean;
}

/** Reads `foreach`; undefined if it is missing. */
export function readForeach(step: MapReader, templates: TemplateReader, at: Pick<ExpressionPlace, 'step' | 'section'>): ReadForeach | undefined {
  if (!step.has('foreach')) return undefined;
  const reader = step.map('foreach', { what: "'foreach'", keys });
  if (reader === undefined) return { model: undefined, as: 'item', isAsUncertain: true };
  const read = readAs(reader);
  const isAsUncertain = read === undefined || (!reader.has('as') && reader.hasUnknownKeys);
  const as = read ?? 'item';
  const outside: ExpressionPlace = { ...at, item: undefined, whyNoItem: message('the items come from here'), secrets: false };
  const source = readSource(reader, templates, outside, readCsvFormat(reader));
  const inside: ExpressionPlace = { ...outside, item: as, isItemUncertain: isAsUncertain, isBeforeBatch: true };
  const keyEntry = reader.entry('key');
  const key = keyEntry && templates.template(keyEntry.value, inside);
  const where = readWhere(reader, templates, inside);
  const batch = reader.integer('batch', 1, maxBatch);
  if (key !== undefined && !isAsUncertain) reportConstantKey(reader, key, as);
  if (!reader.has('on-item-failure')) {
    reader.report.missing('on-item-failure', reader.at, message("'foreach' must say 'on-item-failure': whether the step continues ('continue') or fails ('fail') when an item does."));
  }
  const onItemFailure = reader.choice('on-item-failure', ['continue', 'fail']) ?? 'fail';
  const tolerate = readTolerance(reader, 'tolerate');
  if (source === undefined) return { model: undefined, as, isAsUncertain };
  // Going on says that items may die; a bound of its own narrows that.
  const model: Foreach = { source, as, ...(key === undefined ? {} : { key }), ...(where === undefined ? {} : { where }), ...(batch === undefined ? {} : { batch }), onItemFailure, tolerate: tolerate ?? { kind: 'count', count: 0 } };
  return { model, as, isAsUncertain };
}

/** Items with the same key are sent once: a key that no item has a part in would leave out all but the first, and the run would be green. */
function reportConstantKey(reader: MapReader, key: Template, as: string): void {
  const entry = reader.entry('key');
  // What can't be read has its error.
  if (entry === undefined || reader.report.isKept || reader.report.hasErrorWithin(entry.value.range)) return;
  const varies = expressionsOf(key).some(({ references }) => references.some(({ path }) => path[0] === as || (path[0] === 'job' && path[1] === 'index')));
  if (varies) return;
  const text = key.kind === 'literal' && typeof key.value === 'string' ? key.value.trim() : undefined;
  const isPath = text !== undefined && /^[A-Za-z_]\w*(?:\.\w+|\[[^\]]*\])+$/.test(text);
  const remedy = isPath
    ? message('Written like this it is text; as an expression it is {code}.', { code: `\${{ ${text} }}` })
    : message('Make it of the item, such as {code}, or take it out.', { code: `\${{ ${as}.id }}` });
  reader.report.error('constant-key', reader.place('key'), sentences(message("'key' is the same for every item, so all items but the first would be left out as duplicates."), remedy));
}

function readWhere(reader: MapReader, templates: TemplateReader, place: ExpressionPlace): Expression | undefined {
  const entry = reader.entry('where');
  if (entry === undefined) return undefined;
  const { value } = entry;
  if (value.kind === 'scalar' && typeof value.value === 'string' && value.value !== '') return templates.condition(value, place);
  reader.report.error('wrong-type', reader.place('where'), message("'where' is an expression such as {code}, not {given}.", { code: `\${{ ${place.item ?? 'item'}.total > 5 }}`, given: describe(value) }));
  return undefined;
}

/** Undefined if it is wrong. */
function readAs(reader: MapReader): string | undefined {
  if (!reader.has('as')) return 'item';
  const as = reader.string('as', 'the name of the current item in expressions');
  if (as === undefined || !reportBadName(reader.report, as, reader.place('as'), 'variable')) return undefined;
  if (!roots.some((root) => root === as)) return as;
  reader.report.error('bad-id', reader.place('as'), message('{as} means something else in expressions; take another name.', { as: quoted(as) }));
  return undefined;
}

function readSource(reader: MapReader, templates: TemplateReader, place: ExpressionPlace, csv: CsvFormat | undefined): ItemSource | undefined {
  const items = reader.entry('items');
  const file = reader.entry('file');
  const itemsTemplate = items && templates.template(items.value, place);
  const fileTemplate = file && templates.template(file.value, place);
  if (items !== undefined && file !== undefined) {
    reader.report.error('conflicting-keys', file.keyRange, message("'items' and 'file' exclude each other: take one out."));
    return undefined;
  }
  if (itemsTemplate !== undefined) {
    const step = stepOfPages(itemsTemplate);
    if (step !== undefined) return { kind: 'pages', step };
    if (isListTemplate(itemsTemplate)) return { kind: 'items', items: itemsTemplate };
    // What can't be read is not a list, and has its error.
    if (items === undefined || !reader.report.hasErrorWithin(items.value.range)) reader.report.error('wrong-type', reader.place('items'), message("'items' is a list, or one expression that gives one, not {given}.", { given: items === undefined ? 'this' : describe(items.value) }));
    return undefined;
  }
  if (fileTemplate !== undefined) return readFile(reader, fileTemplate, csv);
  reader.report.error('missing-key', reader.at, message("'foreach' must say 'items' or 'file': where the items come from."));
  return undefined;
}

/** The step whose pages these are the items of, all of them and as they are: they can be more than fit into memory. */
function stepOfPages(template: Template): string | undefined {
  if (template.kind !== 'expression') return undefined;
  const { source, references } = template.expression;
  const [first, ...others] = references;
  if (first === undefined || others.length > 0 || source.slice(first.range.start, first.range.end) !== source.trim()) return undefined;
  const [root, step, property, ...rest] = first.path;
  return root === 'steps' && property === 'items' && rest.length === 0 ? step : undefined;
}

function isListTemplate(template: Template): boolean {
  return template.kind === 'expression' || template.kind === 'list' || (template.kind === 'literal' && Array.isArray(template.value));
}

function readFile(reader: MapReader, file: Template, csv: CsvFormat | undefined): ItemSource | undefined {
  const source = { kind: 'file', file, ...(csv === undefined ? {} : { csv }) } as const;
  if (file.kind === 'expression') return source;
  // What is behind the last expression decides about the ending.
  const ending = file.kind === 'text' ? file.parts.at(-1) : file.kind === 'literal' ? file.value : undefined;
  if (typeof ending !== 'string' || ending === '') {
    if (file.kind === 'text') return source;
    reader.report.error('wrong-type', reader.place('file'), message("'file' is the name of a file such as contacts.csv."));
    return undefined;
  }
  if (csv !== undefined && /\.jsonl?$/i.test(ending)) reader.report.error('conflicting-keys', reader.place('csv'), message("'csv' is about .csv files, and {file} is none.", { file: quoted(ending) }));
  if (/\.(csv|jsonl|json)$/i.test(ending)) return source;
  reader.report.error('bad-file-name', reader.place('file'), message("The name of a file of items ends in .csv, .jsonl or .json, which {ending} doesn't.", { ending: quoted(ending) }));
  return undefined;
}
