import type { ErrorObject } from 'ajv';
import { message, type Message } from '../wording/message.ts';
import { schemaProblems } from './analysis/schema-problem.ts';
import { quoted } from './analysis/report.ts';
import { nearestName } from './nearest-name.ts';

/** Errors of ajv that are looked at: large lists can have one in each of their items, and nobody reads that many. */
const maxErrors = 1000;

export interface ValueProblemOptions {
  /** What the value is as a whole: `the answer`. */
  readonly what: string;
  /** Its keys are the inputs of a workflow. */
  readonly areInputs?: boolean;
  /** Where a part of the value comes from: `item 4 of leads.csv`. */
  readonly originOf?: (path: readonly string[]) => string | undefined;
}

/**
 * What ajv (`verbose`) found wrong with a value that came from outside: in plain words, each with its place (`list[3].email`) and with what would be right. The
 * value itself isn't told, as it may be a secret, and what is told goes into logs, answers and the store.
 */
export function valueProblems(errors: readonly ErrorObject[], { what, areInputs = false, originOf = () => undefined }: ValueProblemOptions): readonly Message[] {
  const nameOf = (path: readonly string[]): string => {
    const origin = originOf(path);
    const name = path.length === 0 ? what : quoted(placeName(path));
    return origin === undefined ? name : `${name} (${origin})`;
  };
  const names = inputNames(errors);
  return schemaProblems(errors.slice(0, maxErrors), what, { nameOf, shown: () => undefined }).map(({ kind, path, other, message: told }) => {
    if (!areInputs) return told;
    if (kind === 'missing-key' && path.length === 0 && other !== undefined) return message('The input {name} is missing.', { name: other });
    const [name] = path;
    if (kind !== 'unknown-key' || path.length !== 1 || name === undefined) return told;
    const near = nearestName(name, names);
    if (near !== undefined) return message('There is no input {name}; did you mean {near}?', { name, near });
    return names.length === 0 ? message('There is no input {name}, since the workflow takes none.', { name }) : message('There is no input {name}; there are: {list}.', { name, list: names.join(', ') });
  });
}

/** Those that the schema has. */
function inputNames(errors: readonly ErrorObject[]): readonly string[] {
  const found = errors.find(({ keyword, instancePath }) => keyword === 'additionalProperties' && instancePath === '');
  return Object.keys((found?.parentSchema?.['properties'] ?? {}) as object);
}

/** `list[3].email`, as an expression would say it. */
export function placeName(path: readonly string[]): string {
  return path.reduce((place, part) => {
    if (/^\d+$/.test(part) && place !== '') return `${place}[${part}]`;
    const plain = /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(part);
    if (place === '') return part;
    return plain ? `${place}.${part}` : `${place}[${JSON.stringify(part.slice(0, 100))}]`;
  }, '');
}
