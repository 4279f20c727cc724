import { message, type Message } from '../../wording/message.ts';
import { delimiterPattern } from '../csv-format.ts';
import type { Json } from '../json.ts';
import type { ActionDefinition } from './action-definition.ts';

export const fileFormats = ['csv', 'jsonl', 'json', 'text'] as const;
export type FileFormat = (typeof fileFormats)[number];

/** `file/write`. No field bears a secret: what is in a file can be read by whoever reads the project. */
export const fileWrite: ActionDefinition = {
  name: 'file/write',
  summary: "Appends to a file of the project, or replaces it. A job that is tried again doesn't append twice.",
  outputFile: 'path',
  input: {
    type: 'object',
    additionalProperties: false,
    required: ['path'],
    properties: {
      path: {
        type: 'string',
        minLength: 1,
        maxLength: 4096,
        description: "The file, named relative to the project's folder; folders are made. Names that begin with a dot, links and workflows are refused.",
        examples: ['exports/contacts.csv'],
      },
      format: {
        type: 'string',
        enum: [...fileFormats],
        description: 'What the file holds. Default: by its extension (`.csv`, `.jsonl` or `.ndjson`, `.json`), otherwise `text`.',
      },
      mode: {
        type: 'string',
        enum: ['append', 'replace'],
        description: 'Whether the file keeps what it has. Default: `append`; for `json`, which can only be replaced, `replace`. A replaced file takes its place as a whole.',
      },
      row: {
        description: 'One row of a CSV, as a map of its columns, or one value of a JSONL, which becomes a line.',
        examples: [{ name: '${{ item.name }}', email: '${{ item.email }}' }],
      },
      rows: { type: 'array', description: 'Several rows, or values, in their order: all of them are written, or none.', examples: [[{ name: 'Ada' }, { name: 'Grace' }]] },
      json: { description: 'The value that a JSON file holds, whole.', examples: [{ done: true }] },
      text: { type: 'string', description: 'Text, written as it is, in UTF-8: a line needs its line break.', examples: ['done\n'] },
      csv: {
        type: 'object',
        additionalProperties: false,
        description: 'How a CSV is written.',
        properties: {
          columns: {
            type: 'array',
            minItems: 1,
            maxItems: 1000,
            uniqueItems: true,
            items: { type: 'string', minLength: 1 },
            description: "The columns, in their order; what else a row has is left out. Default: those of the file's heading, or of the first rows if there is none yet; a row with another column is then an error.",
            examples: [['name', 'email']],
          },
          delimiter: { type: 'string', pattern: delimiterPattern, default: ',', description: 'What separates fields: `tab`, or one character.', examples: [';'] },
          formulas: {
            type: 'string',
            enum: ['keep', 'escape'],
            default: 'keep',
            description: "`escape` puts a `'` in front of texts that a spreadsheet would run as a formula (those that begin with `=`, `+`, `-`, `@`, a tab or a carriage return). Say it where people open the file in a spreadsheet and the data is not yours.",
          },
          'byte-order-mark': { type: 'boolean', default: false, description: 'Whether a new file begins with one, by which Excel sees that it is UTF-8.' },
          'line-ends': { type: 'string', enum: ['lf', 'crlf'], description: 'How lines of a new file end. Default: `lf`. Rows that are appended end as the heading does.' },
        },
      },
    },
    oneOf: [{ required: ['row'] }, { required: ['rows'] }, { required: ['json'] }, { required: ['text'] }],
  },
  output: {
    type: 'object',
    additionalProperties: false,
    required: ['path', 'bytes', 'rows', 'repeated'],
    properties: {
      path: { type: 'string', description: "The file, from the project's folder, as other steps name it.", examples: ['exports/contacts.csv'] },
      bytes: { type: 'integer', description: 'Its size afterwards.' },
      rows: { type: 'integer', description: 'How many rows or values the step has written; 1 for `json` and `text`.' },
      repeated: { type: 'boolean', description: 'An earlier attempt of the job had appended it, so this one wrote nothing.' },
    },
  },
};

/** What the input schema admits. */
export interface FileWriteInput {
  readonly path: string;
  readonly format?: FileFormat;
  readonly mode?: 'append' | 'replace';
  readonly row?: Json;
  readonly rows?: readonly Json[];
  readonly json?: Json;
  readonly text?: string;
  readonly csv?: {
    readonly columns?: readonly string[];
    readonly delimiter?: string;
    readonly formulas?: 'keep' | 'escape';
    readonly 'byte-order-mark'?: boolean;
    readonly 'line-ends'?: 'lf' | 'crlf';
  };
}

/** What a file holds, as far as its name says it. */
export function fileFormatOf(path: string): FileFormat {
  switch (/\.[a-z]+$/i.exec(path)?.[0].toLowerCase()) {
    case '.csv':
      return 'csv';
    case '.jsonl':
    case '.ndjson':
      return 'jsonl';
    case '.json':
      return 'json';
    default:
      return 'text';
  }
}

/** Which fields of `with` a file of each format is made of. */
const contents: Readonly<Record<FileFormat, readonly string[]>> = { csv: ['row', 'rows'], jsonl: ['row', 'rows'], json: ['json'], text: ['text'] };

/** What doesn't go together in the `with` of a step, and the key that it is about; undefined if all does. The schema can't say it, as the format may be in the file's name. */
export function fileWriteProblem(keys: readonly string[], format: FileFormat, mode: string | undefined): { readonly key: string; readonly message: Message } | undefined {
  const content = keys.find((key) => Object.values(contents).flat().includes(key));
  if (content !== undefined && !contents[format].includes(content)) {
    return { key: content, message: message('A file of the format {format} is made of {right}, not of {content}. Say `format` if the name of the file says something else.', { format, right: contents[format].map((key) => `\`${key}\``).join(', '), content: `\`${content}\`` }) };
  }
  if (keys.includes('csv') && format !== 'csv') return { key: 'csv', message: message('`csv` is for files of the format csv, and this one is of the format {format}.', { format }) };
  if (format === 'json' && mode === 'append') return { key: 'mode', message: message('A JSON file can only be replaced, because it holds one value. For a file to which values are added, use the format jsonl.') };
  return undefined;
}
