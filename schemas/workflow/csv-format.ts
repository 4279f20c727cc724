/** How a CSV file is read, as far as a workflow says it; what it doesn't say is found in the file. */
export interface CsvFormat {
  /** Between two fields: one character. */
  readonly delimiter?: string;
  readonly encoding?: TextEncoding;
  /** Of columns, by their names. Those that aren't named are text. */
  readonly types?: Readonly<Record<string, CsvType>>;
  /** Whether columns of `types` may be missing. */
  readonly isLenient?: boolean;
}

export const textEncodings = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type TextEncoding = (typeof textEncodings)[number];

export const csvTypes = ['text', 'integer', 'number', 'boolean'] as const;
export type CsvType = (typeof csvTypes)[number];

/** Those that are found by themselves. */
export const commonDelimiters = [',', ';', '\t', '|'] as const;

/** Of a delimiter as it is written: `tab`, or one character that is neither a letter, a digit, a quote nor a space. */
export const delimiterPattern = '^(?:tab|[\\t!#-/:-@\\[-`{-~])$';

/** The delimiter that is written as `text`; undefined if it is none. */
export function delimiterOf(text: string): string | undefined {
  if (!new RegExp(delimiterPattern).test(text)) return undefined;
  return text === 'tab' ? '\t' : text;
}

/** For people: a tab can't be seen. */
export function delimiterName(delimiter: string): string {
  return delimiter === '\t' ? 'tab' : delimiter;
}

/** Other names of encodings, as programs show them. */
const otherNames: Readonly<Record<string, TextEncoding>> = {
  utf8: 'utf-8', utf16: 'utf-16le', 'utf-16': 'utf-16le', utf16le: 'utf-16le', ucs2: 'utf-16le', unicode: 'utf-16le', utf16be: 'utf-16be',
  windows1252: 'windows-1252', cp1252: 'windows-1252', 'cp-1252': 'windows-1252', latin1: 'windows-1252', 'latin-1': 'windows-1252', 'iso-8859-1': 'windows-1252', 'iso8859-1': 'windows-1252', ansi: 'windows-1252',
};

/** The encoding that is probably meant by a name that is none of `textEncodings`. */
export function encodingMeant(name: string): TextEncoding | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(otherNames, key) ? otherNames[key] : textEncodings.find((one) => one === key);
}
