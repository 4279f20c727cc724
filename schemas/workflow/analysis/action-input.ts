import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import { type ActionDefinition, headerProblem, pathProblem, urlProblem } from '../actions/action-definition.ts';
import { fileFormatOf, fileFormats, fileWrite, fileWriteProblem } from '../actions/file-write.ts';
import { httpRequest, maxBytesProblem } from '../actions/http-request.ts';
import { writtenPathProblem } from '../actions/output-path.ts';
import type { SourceRange } from '../diagnostic.ts';
import { parseDuration } from '../duration.ts';
import { entryAt, nodeAt, toJson, type DocumentNode } from '../document.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { allowExpressions } from '../json-schema/expression-schema.ts';
import { placeOf } from './map-reader.ts';
import { didYouMean, type Report } from './report.ts';
import { sentences } from '../../wording/message.ts';
import { schemaProblems } from './schema-problem.ts';

let compiler: Ajv2020 | undefined;
const validators = new WeakMap<ActionDefinition, ValidateFunction>();

/** Checks `with` against what the action takes. Values that hold expressions count as right; missing and unknown keys don't. */
export function checkActionInput(report: Report, action: ActionDefinition, input: DocumentNode, at: SourceRange): void {
  const validate = validatorOf(action);
  checkRequest(report, action, input);
  if (validate(toJson(input))) return;
  for (const { path, onKey, kind, message, suggestions, other } of schemaProblems(validate.errors ?? [], `'with' of ${action.name}`)) {
    const parts = pathIn(input, path);
    const keyRange = entryAt(input, parts)?.keyRange ?? at;
    if (kind === 'missing-key' && other !== undefined && path.length === 0) {
      report.missing(other, keyRange, message);
      continue;
    }
    const node = nodeAt(input, parts) ?? input;
    report.error(kind === 'value' ? 'bad-with' : kind, onKey ? keyRange : placeOf(node, keyRange), message, suggestions);
  }
}

/** The compiler is made with the first: the store's threads analyse workflows too, and check no actions. */
function validatorOf(action: ActionDefinition): ValidateFunction {
  compiler ??= new Ajv2020({ allErrors: true, verbose: true, strict: false, validateSchema: false, formats: fullFormats, keywords: ['x-secret'] });
  const validate = validators.get(action) ?? compiler.compile(allowExpressions(action.input));
  validators.set(action, validate);
  return validate;
}

/** What a schema can't say of a URL, of headers and of a file that is written. */
function checkRequest(report: Report, action: ActionDefinition, input: DocumentNode): void {
  const { properties } = action.input;
  const has = (key: string): boolean => isJsonObject(properties) && Object.hasOwn(properties, key);
  const url = nodeAt(input, ['url']);
  const isBelow = has('connection') && nodeAt(input, ['connection']) !== undefined;
  const problem = has('url') && url?.kind === 'scalar' && typeof url.value === 'string' && url.value !== '' ? (isBelow ? pathProblem(url.value) : urlProblem(url.value)) : undefined;
  if (problem !== undefined && url !== undefined) report.error('bad-with', url.range, sentences(problem.message, didYouMean(problem.suggestion)), problem.suggestion === undefined ? [] : [problem.suggestion]);
  const file = action.outputFile === undefined ? undefined : nodeAt(input, [action.outputFile]);
  const fileProblem = file?.kind === 'scalar' && typeof file.value === 'string' && file.value !== '' ? writtenPathProblem(file.value) : undefined;
  if (file !== undefined && fileProblem !== undefined) report.error('bad-with', file.range, fileProblem);
  if (action === fileWrite) checkFileWrite(report, input);
  const maxBytes = action === httpRequest ? nodeAt(input, ['max-bytes']) : undefined;
  const tooMuch = maxBytes?.kind === 'scalar' && typeof maxBytes.value === 'number' ? maxBytesProblem(maxBytes.value, nodeAt(input, ['save-as']) !== undefined) : undefined;
  if (maxBytes !== undefined && tooMuch !== undefined) report.error('bad-with', maxBytes.range, tooMuch);
  if (action.name.startsWith('wait/')) checkDurations(report, input);
  const headers = nodeAt(input, ['headers']);
  if (!has('headers') || headers?.kind !== 'map') return;
  const clash = headerProblem(headers.entries.map(({ key }) => key), action.ownHeaders);
  const entry = headers.entries.findLast(({ key }) => key === clash?.name);
  if (clash !== undefined && entry !== undefined) report.error('conflicting-keys', entry.keyRange, clash.message);
}

/** Whether the format that the file's name says fits what is written. */
function checkFileWrite(report: Report, input: DocumentNode): void {
  const said = nodeAt(input, ['format']);
  const path = nodeAt(input, ['path']);
  const mode = nodeAt(input, ['mode']);
  const format = said?.kind === 'scalar' ? fileFormats.find((one) => one === said.value) : path?.kind === 'scalar' && typeof path.value === 'string' && !path.value.trimEnd().endsWith('}}') ? fileFormatOf(path.value) : undefined;
  if (input.kind !== 'map' || format === undefined) return;
  const problem = fileWriteProblem(input.entries.map(({ key }) => key), format, mode?.kind === 'scalar' ? String(mode.value) : undefined);
  const entry = input.entries.find(({ key }) => key === problem?.key);
  if (problem !== undefined && entry !== undefined) report.error('bad-with', entry.keyRange, problem.message);
}

/** Without their expressions, durations of `with` are what they are elsewhere. */
function checkDurations(report: Report, input: DocumentNode): void {
  for (const key of ['duration', 'timeout']) {
    const node = nodeAt(input, [key]);
    if (node?.kind !== 'scalar' || typeof node.value !== 'string' || node.value.includes('${{')) continue;
    const duration = parseDuration(node.value);
    if (!duration.ok) report.error('bad-duration', node.range, duration.message);
  }
}

/** Whether the action's schema marks a value of `with`, or one that holds it, as bearing secrets. */
export function maySecretStand(action: ActionDefinition, path: readonly (string | number)[]): boolean {
  return marks(action.input, path);
}

function marks(schema: Json | undefined, path: readonly (string | number)[]): boolean {
  if (!isJsonObject(schema)) return false;
  if (schema['x-secret'] === true) return true;
  const alternatives = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => (Array.isArray(schema[key]) ? (schema[key] as readonly Json[]) : []));
  if (alternatives.some((alternative) => marks(alternative, path))) return true;
  const [part, ...rest] = path;
  if (part === undefined) return false;
  return marks(childOf(schema, part), rest);
}

function childOf(schema: JsonObject, part: string | number): Json | undefined {
  if (typeof part === 'number') return schema['items'];
  const { properties } = schema;
  return isJsonObject(properties) && Object.hasOwn(properties, part) ? properties[part] : schema['additionalProperties'];
}

/** JSON Pointers don't tell an index from a key; the tree does. */
function pathIn(root: DocumentNode, path: readonly string[]): (string | number)[] {
  const parts: (string | number)[] = [];
  for (const part of path) parts.push(nodeAt(root, parts)?.kind === 'list' ? Number(part) : part);
  return parts;
}
