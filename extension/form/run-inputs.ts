import type { Json } from '../../schemas/workflow/json.ts';
import type { InputField } from './input-fields.ts';

/** What a run is started with: values, and files that the daemon reads inputs from. */
export interface RunInputs {
  readonly values: Readonly<Record<string, Json>>;
  /** Absolute paths. */
  readonly files: Readonly<Record<string, string>>;
}

export const noInputs: RunInputs = { values: {}, files: {} };

export function withValue({ values, files }: RunInputs, name: string, value: Json): RunInputs {
  return { values: { ...values, [name]: value }, files: without(files, name) };
}

export function withFile({ values, files }: RunInputs, name: string, path: string): RunInputs {
  return { values: without(values, name), files: { ...files, [name]: path } };
}

export function withoutInput({ values, files }: RunInputs, name: string): RunInputs {
  return { values: without(values, name), files: without(files, name) };
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
  return { values, files: Object.fromEntries(Object.entries(inputs.files).filter(([name]) => known.has(name))) };
}

function without<T>(record: Readonly<Record<string, T>>, name: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}
