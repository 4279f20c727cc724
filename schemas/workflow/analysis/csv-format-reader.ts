import { commonDelimiters, type CsvFormat, type CsvType, csvTypes, delimiterName, delimiterOf, encodingMeant, type TextEncoding, textEncodings } from '../csv-format.ts';
import { nearestName } from '../nearest-name.ts';
import { message, sentences } from '../../wording/message.ts';
import { describe, type MapReader, noExpression, placeOf } from './map-reader.ts';
import { anyOf, didYouMean, quoted } from './report.ts';

/** Columns whose types are said. */
const maxTypes = 1000;

/** Reads `csv` of a `foreach`; undefined if it is missing. */
export function readCsvFormat(foreach: MapReader): CsvFormat | undefined {
  if (!foreach.has('csv')) return undefined;
  const reader = foreach.map('csv', { what: "'csv'", keys: ['delimiter', 'encoding', 'types'] });
  if (reader === undefined) return undefined;
  if (!foreach.has('file')) foreach.report.error('conflicting-keys', foreach.place('csv'), message("'csv' says how a 'file' is read, and there is none."));
  const delimiter = readDelimiter(reader);
  const encoding = readEncoding(reader);
  const types = readTypes(reader);
  return { ...(delimiter === undefined ? {} : { delimiter }), ...(encoding === undefined ? {} : { encoding }), ...(types === undefined ? {} : { types }) };
}

function readDelimiter(reader: MapReader): string | undefined {
  const entry = reader.entry('delimiter');
  if (entry === undefined) return undefined;
  const value = entry.value.kind === 'scalar' ? entry.value.value : undefined;
  const delimiter = typeof value === 'string' ? delimiterOf(value) : undefined;
  if (delimiter !== undefined) return delimiter;
  const meant = typeof value === 'string' ? delimiterMeant(value) : undefined;
  const told = message("'delimiter' is the one character between two fields, such as {examples}, not {given}.", { examples: anyOf(commonDelimiters.map(delimiterName)), given: describe(entry.value) });
  reader.report.error('bad-value', reader.place('delimiter'), sentences(told, didYouMean(meant) ?? noExpression(entry.value)), meant === undefined ? commonDelimiters.map(delimiterName) : [meant]);
  return undefined;
}

/** In single quotes, `\t` is two characters. */
function delimiterMeant(value: string): string | undefined {
  if (value === '\\t' || /^tabs?$|^tabulator$/i.test(value)) return 'tab';
  if (/^semicolon$/i.test(value)) return ';';
  if (/^comma$/i.test(value)) return ',';
  return /^pipe$/i.test(value) ? '|' : undefined;
}

function readEncoding(reader: MapReader): TextEncoding | undefined {
  const entry = reader.entry('encoding');
  if (entry === undefined) return undefined;
  const value = entry.value.kind === 'scalar' ? entry.value.value : undefined;
  const found = textEncodings.find((one) => one === value);
  if (found !== undefined) return found;
  const meant = typeof value === 'string' ? (encodingMeant(value) ?? nearestName(value, textEncodings)) : undefined;
  reader.report.error(
    'bad-value',
    reader.place('encoding'),
    sentences(message('{key} is {choices}, not {given}.', { key: quoted('encoding'), choices: anyOf(textEncodings), given: describe(entry.value) }), didYouMean(meant) ?? noExpression(entry.value)),
    meant === undefined ? textEncodings : [meant],
  );
  return undefined;
}

function readTypes(reader: MapReader): Readonly<Record<string, CsvType>> | undefined {
  const types = reader.entry('types');
  if (types === undefined) return undefined;
  const { value } = types;
  if (value.kind !== 'map' || value.entries.length > maxTypes) {
    reader.report.error('wrong-type', reader.place('types'), message("'types' is a map of columns to {types}, not {given}.", { types: anyOf(csvTypes), given: describe(value) }));
    return undefined;
  }
  const found: [string, CsvType][] = [];
  for (const entry of value.entries) {
    const given = entry.value.kind === 'scalar' ? entry.value.value : undefined;
    const type = csvTypes.find((one) => one === given);
    if (type !== undefined) {
      found.push([entry.key, type]);
      continue;
    }
    const nearest = typeof given === 'string' ? nearestName(given, csvTypes) : undefined;
    reader.report.error(
      'bad-value',
      placeOf(entry.value, entry.keyRange),
      sentences(message('The type of the column {column} is {types}, not {given}.', { column: quoted(entry.key), types: anyOf(csvTypes), given: describe(entry.value) }), didYouMean(nearest)),
      nearest === undefined ? csvTypes : [nearest],
    );
  }
  return Object.fromEntries(found);
}
