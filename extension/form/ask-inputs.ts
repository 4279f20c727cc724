import type { QuickPickItem } from 'vscode';
import type { TextEncoding } from '../../schemas/workflow/csv-format.ts';
import type { Json } from '../../schemas/workflow/json.ts';
import type { Prompter } from '../ask/prompter.ts';
import { oneLine } from '../wording/outside-text.ts';
import { fieldText, isAskedFirst, readFieldText, type InputField } from './input-fields.ts';
import { hasInput, withFile, withoutInput, withValue, type RunInputs } from './run-inputs.ts';
import { say } from '../wording/language.ts';

export interface AskInputsOptions {
  /** The workflow's name. */
  readonly title: string;
  readonly fields: readonly InputField[];
  /** What was given the last time. */
  readonly last: RunInputs;
}

/** Asks, one after the other, for what has to be given and wasn't the last time. Undefined if the person gives up. */
export async function askInputs(ask: Prompter, { title, fields, last }: AskInputsOptions): Promise<RunInputs | undefined> {
  let inputs = last;
  for (const field of fields.filter((one) => isAskedFirst(one) && !hasInput(last, one.name))) {
    const next = await askField(ask, title, field, inputs);
    if (next === undefined) return undefined;
    inputs = next;
  }
  return inputs;
}

export async function askField(ask: Prompter, title: string, field: InputField, inputs: RunInputs): Promise<RunInputs | undefined> {
  switch (field.kind) {
    case 'boolean':
      return askChoice(ask, title, field, [true, false], inputs);
    case 'choice':
      return askChoice(ask, title, field, field.choices, inputs);
    case 'list':
    case 'json':
      return askStructure(ask, title, field, inputs);
    case 'text':
    case 'integer':
    case 'number':
      return askText(ask, title, field, inputs);
  }
}

async function askChoice(ask: Prompter, title: string, field: InputField, choices: readonly Json[], inputs: RunInputs): Promise<RunInputs | undefined> {
  const items = choices.map((value) => ({ label: typeof value === 'string' ? value : JSON.stringify(value), value, ...(value === field.fallback ? { description: say('default') } : {}) }));
  const picked = await ask.pick(items, { title, placeHolder: promptOf(field) });
  return picked === undefined ? undefined : withValue(inputs, field.name, picked.value);
}

async function askText(ask: Prompter, title: string, field: InputField, inputs: RunInputs): Promise<RunInputs | undefined> {
  const known = inputs.values[field.name] ?? field.fallback;
  const text = await ask.input({
    title,
    prompt: promptOf(field),
    password: field.isSecret,
    ...(known === undefined ? {} : { value: fieldText(field, known) }),
    validateInput: (typed) => {
      if (typed === '' && !field.isRequired) return undefined;
      const read = readFieldText(field, typed);
      return read.ok ? undefined : read.message;
    },
  });
  if (text === undefined) return undefined;
  // Nothing typed where nothing has to be: the default holds.
  if (text === '' && !field.isRequired) return withoutInput(inputs, field.name);
  const read = readFieldText(field, text);
  return read.ok ? withValue(inputs, field.name, read.value) : undefined;
}

interface Picked extends QuickPickItem {
  readonly isFile: boolean;
  readonly encoding?: TextEncoding;
}

async function askStructure(ask: Prompter, title: string, field: InputField, inputs: RunInputs): Promise<RunInputs | undefined> {
  const file = { label: `$(file) ${say('From a file…')}`, detail: say('CSV, JSON or JSON Lines; the daemon reads it as a list'), isFile: true };
  const older = { label: `$(file) ${say('From a CSV File in Windows-1252…')}`, detail: say('As Excel saves it under “CSV”, not “CSV UTF-8”'), isFile: true, encoding: 'windows-1252' } as const;
  const typed = { label: `$(edit) ${say('Type JSON…')}`, isFile: false };
  const picked = await ask.pick<Picked>([file, older, typed], { title, placeHolder: promptOf(field) });
  if (picked === undefined) return undefined;
  if (!picked.isFile) return askText(ask, title, field, inputs);
  const uri = await ask.file({ title: promptOf(field), openLabel: say('Use as Input'), filters: { [say('Lists')]: ['csv', 'json', 'jsonl', 'ndjson'], [say('All files')]: ['*'] } });
  return uri === undefined ? undefined : withFile(inputs, field.name, uri.fsPath, picked.encoding);
}

function promptOf({ name, description }: InputField): string {
  return description === undefined ? name : `${name}: ${oneLine(description)}`;
}
