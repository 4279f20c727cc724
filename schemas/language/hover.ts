import cronstrue from 'cronstrue';
import type { Hover } from 'vscode-languageserver-types';
import { formatDuration } from '../wording/amount.ts';
import { english, type Language } from '../wording/language.ts';
import { cronProblem } from '../workflow/analysis/cron.ts';
import { type DocumentNode, type DocumentPath, nodeAt, pathAt, toJson } from '../workflow/document.ts';
import { parseDuration } from '../workflow/duration.ts';
import { parseRateLimit, ratesOf } from '../workflow/rate.ts';
import { parseRetryPolicy } from '../workflow/retry-policy.ts';
import { hoverExpression } from './expression-hover.ts';
import type { LanguageFile } from './language-file.ts';
import type { LanguageProject } from './language-project.ts';
import { describeRate, describeRetry, describeSymbol } from './symbol-description.ts';

/** What is meant by what is at an offset: a name, a part of an expression, a duration, a rate. What a key is for, schemas say. Told in `language`. */
export function hover(project: LanguageProject, path: string, offset: number, language = english): Hover | undefined {
  const file = project.files.get(path);
  if (file === undefined) return undefined;
  const inExpression = hoverExpression(project, file, offset, language);
  if (inExpression !== undefined) return inExpression;
  const occurrence = project.symbols.occurrenceAt(path, offset);
  const symbol = occurrence && project.symbols.get(occurrence);
  const description = symbol && describeSymbol(project, symbol, language);
  if (occurrence !== undefined && description !== undefined) return { contents: { kind: 'markdown', value: description }, range: file.rangeOf(occurrence.range) };
  return hoverValue(file, offset, language);
}

/** What a duration, a rate, a retry policy or a schedule at an offset comes to, in words. */
function hoverValue(file: LanguageFile, offset: number, language = english): Hover | undefined {
  const { root } = file.document;
  const path = pathAt(root, offset);
  const node = nodeAt(root, path);
  if (node?.kind !== 'scalar' || offset < node.range.start || offset > node.range.end || node.range.start === node.range.end) return undefined;
  const value = describe(root, path, String(node.value), language);
  return value === undefined ? undefined : { contents: { kind: 'markdown', value }, range: file.rangeOf(node.range) };
}

function describe(root: DocumentNode | undefined, path: DocumentPath, text: string, language: Language): string | undefined {
  // What is handed to an action, or declared for an input, means what they say.
  if (path.includes('inputs') || (path.includes('with') && path.at(-1) !== 'duration')) return undefined;
  if (path.at(-1) === 'cron') return describeCron(root, path, text, language);
  const duration = parseDuration(text);
  const lines = [duration.ok ? language.say('**duration** {text} = {seconds}', { text: `\`${text.trim()}\``, seconds: seconds(duration.ms) }) : undefined, describePolicy(root, path, 'rate', language), describePolicy(root, path, 'retry', language)].filter((line) => line !== undefined);
  return lines.length === 0 ? undefined : lines.join('\n\n');
}

/** Of the rate or the retry policy that a path leads into. */
function describePolicy(root: DocumentNode | undefined, path: DocumentPath, key: 'rate' | 'retry', { say }: Language): string | undefined {
  const index = path.lastIndexOf(key);
  const node = index < 0 ? undefined : nodeAt(root, path.slice(0, index + 1));
  if (node === undefined) return undefined;
  const value = toJson(node);
  if (key === 'rate') {
    const parsed = parseRateLimit(value);
    return parsed.ok ? ratesOf(parsed.limit).map((rate) => say('**rate**: {rate}', { rate: describeRate(rate) })).join('\n\n') : undefined;
  }
  const parsed = parseRetryPolicy(value);
  return parsed.ok ? say('**retry**: {retry}', { retry: describeRetry(parsed.policy) }) : undefined;
}

function describeCron(root: DocumentNode | undefined, path: DocumentPath, text: string, { say }: Language): string | undefined {
  if (cronProblem(text) !== undefined) return undefined;
  const zone = nodeAt(root, [...path.slice(0, -1), 'timezone']);
  const timeZone = zone?.kind === 'scalar' && typeof zone.value === 'string' ? zone.value : 'UTC';
  return say('**schedule**: {times}, in {timeZone}', { times: cronstrue.toString(text, { use24HourTimeFormat: true, verbose: false }), timeZone });
}

/** `5,400 s`, with the larger units beside it where they are not what is written anyway. */
function seconds(ms: number): string {
  const exact = `${(ms / 1_000).toLocaleString('en', { maximumFractionDigits: 3 })} s`;
  return ms < 60_000 ? exact : `${exact} (${formatDuration(ms)})`;
}
