import * as l10n from '@vscode/l10n';
import { coarseAgeMessage, coarseDueMessage, rateMessage, ratesMessage } from '../../schemas/wording/amount.ts';
import { languageOf, type Language } from '../../schemas/wording/language.ts';
import type { ArgsFor, Message } from '../../schemas/wording/message.ts';
import { messageOfTold } from '../../schemas/wording/told.ts';

/** Without arguments `l10n.t` finds a text and fills in nothing, which is what a pattern with plural forms needs. */
function translated(pattern: string): string {
  return l10n.t(pattern);
}

let current: Language = languageOf('en', translated);

/** Messages, numbers and times are told in this language (a BCP 47 tag) from now on. */
export function useLanguage(locale: string): void {
  current = languageOf(locale, translated);
}

/** A message in the editor's language. `npm run l10n` puts each pattern that is written in a call of this into the texts to translate. */
export function say<const P extends string>(pattern: P, ...args: ArgsFor<P>): string {
  return current.say(pattern, ...args);
}

export function textOf(message: Message): string {
  return current.textOf(message);
}

/** A text that the daemon has stored in English, in the editor's language if its wording came with it. */
export function toldText(text: { readonly message: string; readonly wording?: Message | undefined }): string {
  return textOf(messageOfTold(text));
}

/** Sentences, one after the other. */
export function paragraphOf(messages: readonly Message[]): string {
  return current.paragraphOf(messages);
}

/** `12,345` */
export function formatNumber(value: number): string {
  return current.number(value);
}

/** `Nov 24, 14:05`, in the reader's time zone. `time` is ISO 8601. */
export function formatMoment(time: string): string {
  return current.moment(time);
}

/** `14:05`, in the reader's time zone. `time` is ISO 8601. */
export function formatTimeOfDay(time: string): string {
  return current.timeOfDay(time);
}

/** `3m ago`, `just now`, of what has happened: see `coarseAgeMessage`. */
export function formatAge(time: string, nowMs: number): string {
  return textOf(coarseAgeMessage(time, nowMs));
}

/** `in 2h`, `within a minute`, of what is to come: see `coarseDueMessage`. */
export function formatDue(time: string, nowMs: number): string {
  return textOf(coarseDueMessage(time, nowMs));
}

/** How a time is told: as what has happened, or, if `isDue`, as what is to come. */
export type TellTime = (time: string, isDue?: boolean) => string;

/** Tells times as ages, as of `nowMs`. */
export function ageAt(nowMs: number): TellTime {
  return (time, isDue = false) => (isDue ? formatDue(time, nowMs) : formatAge(time, nowMs));
}

/** `1,000/min` */
export function formatRate(rate: { readonly limit: number; readonly perMs: number }): string {
  return textOf(rateMessage(rate));
}

/** `20/s and 50,000/d` */
export function formatRates(rates: readonly { readonly limit: number; readonly perMs: number }[]): string {
  return textOf(ratesMessage(rates));
}

/** How many are of which project, such as `shop: 3, warehouse: 2`; nothing if all are of one. */
export function projectCounts(parts: readonly { readonly name: string; readonly count: number }[]): string | undefined {
  return parts.length < 2 ? undefined : parts.map(({ name, count }) => say('{name}: {count}', { name, count })).join(', ');
}
