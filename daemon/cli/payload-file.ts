import path from 'node:path';
import { parseDocument, visit } from 'yaml';
import { inexactText, isExactNumber, LossyJsonError, parseExactJson } from '../../schemas/workflow/exact-json.ts';
import { decodeText } from '../../schemas/workflow/text-encoding.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './exit-code.ts';

/** Of a file with payloads, in bytes. */
const maxGivenBytes = 256 * 1024 * 1024;

/**
 * What a file holds, JSON or YAML; `-` is stdin. `option`: as which it was given; `holds`: what it has to hold.
 *
 * @throws UsageError that says what is wrong with it
 */
export async function readPayloadFile(option: string, file: string, terminal: Terminal, holds: string): Promise<unknown> {
  const name = file === '-' ? 'stdin' : file;
  const text = file === '-' ? await terminal.readInput(maxGivenBytes) : await readGivenFile(option, file, path.resolve(terminal.io.cwd, file));
  if (text.trim() === '') throw new UsageError(`${option}: ${name} is empty; it has to hold ${holds}.`);
  try {
    // JSON is YAML 1.2, but the JSON parser is exact about large texts and says better what is wrong with them.
    return /^\s*[[{]/.test(text) ? parseJsonOrYaml(text) : parseYaml(text);
  } catch (error) {
    if (error instanceof LossyJsonError) throw new UsageError(`${option}: in ${name}, ${error.message}.`);
    throw new UsageError(`${option}: ${name} is neither JSON nor YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function readGivenFile(option: string, name: string, file: string): Promise<string> {
  const read = await readRegularFile(file, maxGivenBytes);
  if (read.ok) {
    const decoded = decodeText(read.content);
    if (decoded.ok) return decoded.text;
    throw new UsageError(`${option}: ${name} ${decoded.problem}.`);
  }
  const remedy = read.kind === 'not-regular' ? '; `-` in its place reads what a pipe brings' : '';
  throw new UsageError(`${option}: ${name} ${read.problem}${remedy}.`);
}

function parseJsonOrYaml(text: string): unknown {
  try {
    return parseExactJson(text, { tellLines: true });
  } catch (error) {
    if (error instanceof LossyJsonError) throw error;
    return parseYaml(text);
  }
}

/** @throws what the parser found first, LossyJsonError */
function parseYaml(text: string): unknown {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw error;
  visit(document, {
    Scalar: (_key, { value, source, range }) => {
      if (typeof value === 'number' && source !== undefined && !isExactNumber(source)) throw new LossyJsonError(inexactText(source), range?.[0] ?? 0);
    },
  });
  return document.toJS();
}
