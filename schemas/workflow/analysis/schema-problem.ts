import type { ErrorObject } from 'ajv';
import { nearestName } from '../nearest-name.ts';
import { anyOf, didYouMean, quoted } from './report.ts';
import { english } from '../../wording/language.ts';
import { message, sentences, verbatim, type Message } from '../../wording/message.ts';

/** A value that doesn't fit a JSON Schema, in plain words. */
export interface SchemaProblem {
  /** Keys and indexes from the value's root. */
  readonly path: readonly string[];
  /** The key itself is the problem, not its value. */
  readonly onKey: boolean;
  readonly kind: 'unknown-key' | 'missing-key' | 'conflicting-keys' | 'value';
  readonly message: Message;
  /** Replacements for the key or value. */
  readonly suggestions: readonly string[];
  /** The key that is missing, or that excludes this one. */
  readonly other?: string;
}

/** How the places of a value are named, and what may be told of what is there. */
export interface ProblemWords {
  readonly nameOf: (path: readonly string[]) => string;
  /** The value as it was written; undefined if it must not be told. */
  readonly shown: (value: unknown) => string | undefined;
}

/** For a value that the reader has in front of them, in a file. */
function fileWords(what: string): ProblemWords {
  return { nameOf: (path) => nameOf(path, what), shown };
}

/** What ajv (`allErrors`, `verbose`) found, each fault once: of alternatives, the one that came closest speaks. */
export function schemaProblems(errors: readonly ErrorObject[], what: string, words = fileWords(what)): readonly SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  for (const error of closest(errors)) {
    const problem = problemOf(error, words);
    if (problem !== undefined && !problems.some((other) => sameCause(other, problem))) problems.push(problem);
  }
  // A misspelt key is not missing as well.
  const guesses = new Set(problems.flatMap(({ kind, path, suggestions }) => (kind === 'unknown-key' ? suggestions.map((name) => [...path.slice(0, -1), name].join('/')) : [])));
  return problems.filter(({ kind, path, other }) => kind !== 'missing-key' || other === undefined || !guesses.has([...path, other].join('/')));
}

/** Two keys that exclude each other are found from either side. */
function sameCause(a: SchemaProblem, b: SchemaProblem): boolean {
  if (a.path.join('/') === b.path.join('/')) return english.textOf(a.message) === english.textOf(b.message);
  return a.kind === 'conflicting-keys' && b.kind === 'conflicting-keys' && a.path.at(-1) === b.other && b.path.at(-1) === a.other;
}

/** Leaves out `if`, which only announces what follows, and settles each `anyOf`, `oneOf` and `contains`. */
function closest(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const alternatives = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  let left = errors.filter(({ keyword }) => keyword !== 'if' && keyword !== 'propertyNames');
  // Each item says why it isn't the one that has to be there.
  for (const { schemaPath: contains } of errors.filter(({ keyword }) => keyword === 'contains')) left = left.filter(({ schemaPath }) => !schemaPath.startsWith(`${contains}/`));
  // The innermost ones come first.
  for (const alternative of alternatives) {
    const prefix = `${alternative.schemaPath}/`;
    const inside = left.filter(({ schemaPath }) => schemaPath.startsWith(prefix));
    const branches = new Map<string, ErrorObject[]>();
    for (const error of inside) {
      const branch = error.schemaPath.slice(prefix.length).split('/')[0] ?? '';
      branches.set(branch, [...(branches.get(branch) ?? []), error]);
    }
    // The type of the value fits this branch: its faults lie deeper, or are not about the type.
    const fitting = [...branches.values()].find((branch) => branch.every(({ keyword, instancePath }) => instancePath !== alternative.instancePath || !['type', 'required', 'enum'].includes(keyword)));
    const dropped = new Set(inside.filter((error) => fitting === undefined || !fitting.includes(error)));
    if (fitting !== undefined) dropped.add(alternative);
    left = left.filter((error) => !dropped.has(error));
    // A branch behind a `$ref` has a schema path of its own.
    if (left.some((error) => error !== alternative && error.instancePath === alternative.instancePath && error.keyword === 'enum')) left = left.filter((error) => error !== alternative);
  }
  return left;
}

function problemOf(error: ErrorObject, { nameOf, shown: shownValue }: ProblemWords): SchemaProblem | undefined {
  const path = error.instancePath.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const name = nameOf(path);
  const params = error.params as Readonly<Record<string, unknown>>;
  const value = (message: Message, suggestions: readonly string[] = []): SchemaProblem => ({ path, onKey: false, kind: 'value', message, suggestions });
  if (error.propertyName !== undefined) return badKey(path, error.propertyName, name);
  const written = shownValue(error.data);
  // Of what must not be told, its kind is.
  const given = written ?? kindName(error.data, params['type']);
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return unknownKey(path, String(params['additionalProperty'] ?? params['unevaluatedProperty']), name, error);
    case 'required': {
      const key = String(params['missingProperty']);
      const told = written === undefined ? missingIn(nameOf([...path, key]), error.data, key) : message('{what} must say {key}.', { what: capital(name), key: quoted(key) });
      return { path, onKey: true, kind: 'missing-key', message: told, suggestions: [], other: key };
    }
    case 'dependentRequired':
      return { path, onKey: true, kind: 'missing-key', message: message('{key} needs {other} beside it.', { key: quoted(String(params['property'])), other: quoted(String(params['missingProperty'])) }), suggestions: [] };
    case 'false schema': {
      const [, other = ''] = /dependentSchemas\/([^/]+)\//.exec(error.schemaPath) ?? [];
      return { path, onKey: true, kind: 'conflicting-keys', message: other === '' ? message("{name} is not allowed here.", { name }) : message('{name} and {other} exclude each other: take one out.', { name, other: quoted(other) }), suggestions: [], other };
    }
    case 'type':
      return value(message('{name} is {wanted}, not {given}.', { name, wanted: typeNames(params['type']), given }));
    case 'enum': {
      const allowed = (params['allowedValues'] as readonly unknown[]).map(String);
      if (written === undefined) return value(message('{name} is {wanted}, and has another value.', { name, wanted: anyOf(allowed) }), allowed);
      const nearest = nearestName(String(error.data), allowed);
      return value(sentences(message('{name} is {wanted}, not {given}.', { name, wanted: anyOf(allowed), given }), didYouMean(nearest)), nearest === undefined ? allowed : [nearest]);
    }
    case 'const': {
      const wanted = shown(params['allowedValue']);
      return value(written === undefined ? message('{name} is {wanted}, and has another value.', { name, wanted }) : message('{name} is {wanted}, not {given}.', { name, wanted, given }));
    }
    case 'pattern': {
      const pattern = String(params['pattern']);
      if (lineBreakPatterns.has(pattern)) return value(message('{name} is one line: take the line breaks out.', { name }));
      if (written !== undefined) return value(message("{name} doesn't have the right form: {given} doesn't match {pattern}.", { name, given, pattern }));
      const description: unknown = error.parentSchema?.['description'];
      return value(sentences(message("{name} doesn't have the right form: it has to match {pattern}.", { name, pattern }), typeof description === 'string' ? verbatim(description) : undefined));
    }
    case 'not':
      return value(written === undefined ? message('{name} has a value that is not allowed.', { name }) : message("{name} can't be {given}.", { name, given }));
    case 'format': {
      const format = String(params['format']);
      const example = formatExamples[format];
      const told = written === undefined ? message('{name} is not of the format {format}.', { name, format: quoted(format) }) : message("{name} is of the format {format}, which {given} isn't.", { name, format: quoted(format), given });
      return value(written !== undefined || example === undefined ? told : message('{name} is not of the format {format}, such as {example}.', { name, format: quoted(format), example: quoted(example) }));
    }
    case 'anyOf':
    case 'oneOf':
      return alternatives(error, path, name, given);
    default:
      return value(boundMessage(name, error.keyword, params) ?? message('{name} {problem}.', { name, problem: error.message ?? 'is not valid' }));
  }
}

/** Of what must be on one line. */
const lineBreakPatterns: ReadonlySet<string> = new Set(['^[^\\r\\n\\u0000]*$', '^[^\\r\\n\\u0000]+$']);

/** Values that have a format, for those whose name doesn't say enough. */
const formatExamples: Readonly<Record<string, string>> = {
  date: '2026-11-28',
  time: '09:30:00Z',
  'date-time': '2026-11-28T09:30:00Z',
  duration: 'PT1H30M',
  email: 'ada@example.com',
  'idn-email': 'ada@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/a',
  'uri-reference': '/a?b=c',
  uuid: '123e4567-e89b-12d3-a456-426614174000',
  'json-pointer': '/a/0/b',
};

/** Keys of a map that are named: as many as a person compares at a glance. */
const maxNamedKeys = 8;

/** The usual cause is another name for the same thing, as in the first line of a `.csv`; so the names that there are are told. */
function missingIn(place: string, data: unknown, missing: string): Message {
  const keys = typeof data === 'object' && data !== null ? Object.keys(data) : [];
  if (keys.length === 0) return message('{place} is missing.', { place });
  const nearest = keys.length > 1 ? nearestName(missing, keys.slice(0, 200)) : undefined;
  const list = keys.slice(0, maxNamedKeys).map(quoted).join(', ');
  const told = keys.length > maxNamedKeys ? message('{place} is missing; there are {list} and others.', { place, list }) : message('{count, plural, =1 {{place} is missing; there is {list}.} other {{place} is missing; there are {list}.}}', { place, list, count: keys.length });
  return sentences(told, didYouMean(nearest));
}

function unknownKey(path: readonly string[], key: string, name: string, error: ErrorObject): SchemaProblem {
  const known = Object.keys((error.parentSchema?.['properties'] ?? {}) as object);
  const given = Object.keys(error.data as object);
  const nearest = nearestName(key, known.filter((one) => !given.includes(one)));
  const hint = didYouMean(nearest) ?? (known.length > 0 ? message('Its keys are {keys}.', { keys: known.join(', ') }) : undefined);
  return { path: [...path, key], onKey: true, kind: 'unknown-key', message: sentences(message('{key} is not a key of {name}.', { key: quoted(key), name }), hint), suggestions: nearest === undefined ? [] : [nearest] };
}

function badKey(path: readonly string[], key: string, name: string): SchemaProblem {
  return { path: [...path, key], onKey: true, kind: 'value', message: message("{key} can't be a key of {name}.", { key: quoted(key), name }), suggestions: [] };
}

/** Alternatives of which none came close: keys of which one is needed, or kinds of value. */
function alternatives(error: ErrorObject, path: readonly string[], name: string, given: string): SchemaProblem {
  const branches = (error.schema as readonly Readonly<Record<string, unknown>>[]);
  const groups = branches.flatMap(({ required }) => (Array.isArray(required) ? [(required as readonly string[]).join(' + ')] : []));
  if (groups.length === branches.length) {
    const present = Object.keys((error.data ?? {}));
    const fulfilled = groups.filter((group) => group.split(' + ').every((key) => present.includes(key)));
    if (fulfilled.length > 1) {
      return { path, onKey: true, kind: 'conflicting-keys', message: message('{what} takes only one of {keys}.', { what: capital(name), keys: anyOf(groups) }), suggestions: [] };
    }
    return { path, onKey: true, kind: 'missing-key', message: message('{what} must say {key}.', { what: capital(name), key: anyOf(groups) }), suggestions: [] };
  }
  const types = [...new Set(branches.map((branch) => typeNames(branch['type'] ?? (branch['else'] as Readonly<Record<string, unknown>> | undefined)?.['type'])))];
  return { path, onKey: false, kind: 'value', message: message('{name} is {wanted}, not {given}.', { name, wanted: types.join(' or '), given }), suggestions: [] };
}

/** A place within the value, as a person would say it. */
function nameOf(path: readonly string[], what: string): string {
  const last = path.at(-1);
  if (last === undefined) return what;
  if (!/^\d+$/.test(last)) return quoted(last);
  const list = path.at(-2);
  return list === undefined ? `item ${Number(last) + 1}` : `item ${Number(last) + 1} of ${quoted(list)}`;
}

function boundMessage(name: string, keyword: string, params: Readonly<Record<string, unknown>>): Message | undefined {
  if (keyword === 'uniqueItems') return message('{name} has an item twice.', { name });
  const count = params['limit'] ?? params['multipleOf'] ?? params['minContains'];
  if (typeof count !== 'number') return undefined;
  switch (keyword) {
    case 'minimum':
      return message('{name} is at least {count}.', { name, count });
    case 'maximum':
      return message('{name} is at most {count}.', { name, count });
    case 'exclusiveMinimum':
      return message('{name} is more than {count}.', { name, count });
    case 'exclusiveMaximum':
      return message('{name} is less than {count}.', { name, count });
    case 'multipleOf':
      return message('{name} is a multiple of {count}.', { name, count });
    case 'minLength':
      return message("{count, plural, =1 {{name} can't be empty.} other {{name} has at least # characters.}}", { name, count });
    case 'maxLength':
      return message('{count, plural, one {{name} has at most # character.} other {{name} has at most # characters.}}', { name, count });
    case 'minItems':
      return message("{count, plural, =1 {{name} can't be empty.} other {{name} has at least # items.}}", { name, count });
    case 'maxItems':
      return message('{count, plural, one {{name} has at most # item.} other {{name} has at most # items.}}', { name, count });
    case 'minProperties':
      return message("{count, plural, =1 {{name} can't be empty.} other {{name} has at least # keys.}}", { name, count });
    case 'maxProperties':
      return message('{count, plural, one {{name} has at most # key.} other {{name} has at most # keys.}}', { name, count });
    case 'contains':
      return message('{count, plural, =1 {{name} lacks an item of the kind that it has to have.} other {{name} lacks items of the kind of which it has to have #.}}', { name, count });
    default:
      return undefined;
  }
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'null',
};

function typeNames(types: unknown): string {
  const list = Array.isArray(types) ? (types as readonly unknown[]) : [types];
  return list.map((type) => typeWords[String(type)] ?? 'another kind of value').join(', ').replace(/, ([^,]*)$/, ' or $1');
}

/** What kind of value it is. `wanted`: a type of JSON Schema that it isn't. */
function kindName(value: unknown, wanted?: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return wanted === 'integer' ? 'a number with a fraction' : 'a number';
  return typeWords[typeof value] ?? 'another kind of value';
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  if (value === null || value === undefined) return 'empty';
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
