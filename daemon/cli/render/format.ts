import { ageMessage, formatStamp, rateMessage, ratesMessage } from '../../../schemas/wording/amount.ts';
import { english } from '../../../schemas/wording/language.ts';
import type { AttemptState, JobState, RunState, StepState } from '../../../schemas/protocol/id.ts';
import type { Format, View } from '../terminal.ts';

/** How single values are written in English; every renderer uses these, so that one thing looks the same everywhere. */

/** A sentence of the command, with the right form for its number. */
export const say = english.say;

/** The same for what `schemas/wording/` tells. */
export const textOf = english.textOf;

/** Sentences of `schemas/wording/`, one after the other. */
export const paragraphOf = english.paragraphOf;

/** `12,345` */
export const formatNumber = english.number;

/** `1 job`, `2,000 jobs`, as a label of its own or where nothing else in the sentence depends on the number; else `say` it. */
export function formatCount(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatNumber(count)} ${english.pluralForm(count) === 'one' ? singular : plural}`;
}

/** `1,000/min` */
export function formatRate(rate: { readonly limit: number; readonly perMs: number }): string {
  return english.textOf(rateMessage(rate));
}

/** `20/s and 50,000/d` */
export function formatRates(rates: readonly { readonly limit: number; readonly perMs: number }[]): string {
  return english.textOf(ratesMessage(rates));
}

/** `45s ago`, `in 2h`. */
export function formatAge(time: string, { now }: Pick<View, 'now'>): string {
  return english.textOf(ageMessage(time, now));
}

/** `2026-11-24 10:30:00` in the reader's zone. */
export function formatTime(time: string, { timeZone }: Pick<View, 'timeZone'>): string {
  return formatStamp(time, timeZone);
}

const byteUnits = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `812 bytes`, `3.4 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? formatNumber(value) : value.toFixed(1)} ${byteUnits[unit] ?? ''}`;
}

/**
 * One line of text from outside, made safe for a terminal: a payload or an answer of a server could hold escape sequences
 * that move the cursor or retitle the window.
 */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim();
}

/** The same, with its line breaks kept. */
export function printable(text: string): string {
  return text.replaceAll('\t', '  ').replace(/\r\n?/g, '\n').replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

/** A JSON value as a person reads it, indented. */
export function formatJson(value: unknown): string {
  return printable(JSON.stringify(value, null, 2));
}

export function indent(text: string, by = '  '): string {
  return text.replace(/^(?=.)/gm, by);
}

/** The colour of a state's word. */
export function formatOfState(state: JobState | StepState | RunState | AttemptState): Format | undefined {
  switch (state) {
    case 'succeeded':
      return 'green';
    case 'failed':
    case 'dead':
      return 'red';
    case 'active':
    case 'running':
      return 'cyan';
    case 'delayed':
    case 'throttled':
    case 'interrupted':
      return 'yellow';
    case 'pending':
    case 'waiting':
      return undefined;
    case 'cancelled':
    case 'discarded':
    case 'skipped':
      return 'dim';
  }
}
