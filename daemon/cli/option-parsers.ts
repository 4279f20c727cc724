import { InvalidArgumentError } from 'commander';
import { delimiterOf, encodingMeant, type TextEncoding, textEncodings } from '../../schemas/workflow/csv-format.ts';
import { parseDuration } from '../../schemas/workflow/duration.ts';
import { english } from '../../schemas/wording/language.ts';
import { isRunKey, maxRunKey } from '../../schemas/protocol/trigger.ts';

/** A whole number of at least one. */
export function parsePositive(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It takes a whole number from 1.');
  return value;
}

/** A whole number, 0 included. */
export function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It takes a whole number from 0.');
  return Number(text);
}

/** A duration of at least a second, in milliseconds. */
export function parseSpan(text: string): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new InvalidArgumentError(english.textOf(parsed.message));
  if (parsed.ms < 1000) throw new InvalidArgumentError('It takes at least 1s.');
  return Math.round(parsed.ms);
}

export function parsePort(text: string): number {
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value > 65_535) throw new InvalidArgumentError('A port is a whole number up to 65535; 0 takes any that is free.');
  return value;
}

export function parseRunId(text: string): string {
  if (!/^r[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError('A run is written like r12; `sluice runs` lists them.');
  return text;
}

export function parseRunKey(text: string): string {
  if (!isRunKey(text)) throw new InvalidArgumentError(`A key has 1 to ${maxRunKey} characters, no control characters, and does not begin with '@'.`);
  return text;
}

export function parseDelimiter(text: string): string {
  const delimiter = delimiterOf(text === '\\t' ? 'tab' : text);
  if (delimiter === undefined) throw new InvalidArgumentError('It takes one character such as ; or |, or the word tab.');
  return delimiter;
}

export function parseEncoding(text: string): TextEncoding {
  const encoding = encodingMeant(text);
  if (encoding === undefined) throw new InvalidArgumentError(`It takes one of ${textEncodings.join(', ')}.`);
  return encoding;
}

export function parseJobId(text: string): string {
  if (!/^j[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError('A job is written like j40; `sluice jobs` lists them.');
  return text;
}

export function parseBulkId(text: string): string {
  if (!/^b[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError('Work on many jobs is written like b3; `sluice bulk` lists it.');
  return text;
}

export function parseDeliveryId(text: string): string {
  if (!/^d[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError('A delivery is written like d12; `sluice deliveries` lists them.');
  return text;
}

export function parseScheduleId(text: string): string {
  if (!/^s[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError('A schedule is written like s2; `sluice schedules` lists them.');
  return text;
}

/** A run's or a job's. */
export function parseId(text: string): string {
  if (!/^[rj][1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError('A run is written like r12, a job like j40.');
  return text;
}

export function parseSecretName(text: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,199}$/.test(text)) throw new InvalidArgumentError('A secret is named by letters, digits and underscores; no digit first.');
  return text;
}

/** For options that can be given several times. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

export function collectJobIds(text: string, before: readonly string[] | undefined): readonly string[] {
  return collect(parseJobId(text), before);
}
