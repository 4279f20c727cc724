import type { Params } from '../../schemas/protocol/method.ts';
import type { TextEncoding } from '../../schemas/workflow/csv-format.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { InputField } from './input-fields.ts';

/** What a run is started with: values, and files that the daemon reads inputs from. */
export interface RunInputs {
  readonly values: Readonly<Record<string, Json>>;
  /** Absolute paths. */
  readonly files: Readonly<Record<string, string>>;
  /** The encoding of `.csv` files that have no byte order mark; UTF-8 if omitted. */
  readonly csvEncoding?: TextEncoding;
}

export const noInputs: RunInputs = { values: {}, files: {} };

export function withValue({ values, files, ...rest }: RunInputs, name: string, value: Json): RunInputs {
  return { ...rest, values: { ...values, [name]: value }, files: without(files, name) };
}

export function withFile({ values, files }: RunInputs, name: string, path: string, csvEncoding?: TextEncoding): RunInputs {
  return { values: without(values, name), files: { ...files, [name]: path }, ...(csvEncoding === undefined ? {} : { csvEncoding }) };
}

export function withoutInput({ values, files, ...rest }: RunInputs, name: string): RunInputs {
  return { ...rest, values: without(values, name), files: without(files, name) };
}

export function hasInput({ values, files }: RunInputs, name: string): boolean {
  return Object.hasOwn(values, name) || Object.hasOwn(files, name);
}

/** Longest JSON that is remembered for the next time. */
const maxRememberedChars = 20_000;

/** What to offer again next time: no secrets, and nothing too long. */
export function rememberable(inputs: RunInputs, fields: readonly InputField[]): RunInputs {
  const known = new Set(fields.filter(({ isSecret }) => !isSecret).map(({ name }) => name));
  const values = Object.fromEntries(Object.entries(inputs.values).filter(([name, value]) => known.has(name) && JSON.stringify(value).length <= maxRememberedChars));
  return { ...inputs, values, files: Object.fromEntries(Object.entries(inputs.files).filter(([name]) => known.has(name))) };
}

/** As a call of the daemon has them. */
export function inputParams({ values, files, csvEncoding }: RunInputs): Pick<Params<'run/preview'>, 'inputs' | 'inputFiles' | 'csv'> {
  return { inputs: { ...values }, inputFiles: { ...files }, ...(csvEncoding === undefined ? {} : { csv: { encoding: csvEncoding } }) };
}

function without<T>(record: Readonly<Record<string, T>>, name: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}
