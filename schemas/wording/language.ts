import { message, renderMessage, type ArgsFor, type Message } from './message.ts';

/** How a person's language tells messages, numbers and times. Times are ISO 8601. */
export interface Language {
  /** BCP 47. */
  readonly locale: string;
  /** `12,345` */
  readonly number: (value: number) => string;
  /** The plural form that a number asks for, by the name that CLDR gives it. */
  readonly pluralForm: (count: number) => string;
  /** `Nov 24, 14:05` */
  readonly moment: (time: string) => string;
  /** `14:05` */
  readonly timeOfDay: (time: string) => string;
  readonly textOf: (message: Message) => string;
  /** The same for a message that is told where it is made. */
  readonly say: <const P extends string>(pattern: P, ...args: ArgsFor<P>) => string;
  /** A text that is data, such as the description of a field in a schema: whole, and with nothing to fill in. */
  readonly dataText: (text: string) => string;
  /** Sentences, one after the other. */
  readonly paragraphOf: (messages: readonly Message[]) => string;
}

const timeParts = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;

/** `translate` finds the pattern of a message in that language; the default is English. Times are in the zone of this machine. */
export function languageOf(locale: string, translate: (pattern: string) => string = (pattern) => pattern): Language {
  const numbers = onFirstUse(() => new Intl.NumberFormat(locale));
  const plurals = onFirstUse(() => new Intl.PluralRules(locale));
  const moments = onFirstUse(() => new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric', ...timeParts }));
  const times = onFirstUse(() => new Intl.DateTimeFormat(locale, timeParts));
  const by = { number: (value: number) => numbers().format(value), plural: (count: number) => plurals().select(count), translate };
  const textOf = (told: Message): string => renderMessage(told, by);
  return {
    locale,
    number: by.number,
    pluralForm: by.plural,
    moment: (time) => moments().format(Date.parse(time)),
    timeOfDay: (time) => times().format(Date.parse(time)),
    textOf,
    dataText: translate,
    paragraphOf: (messages) => messages.map(textOf).join(' '),
    say: (pattern, ...args) => textOf(message(pattern, ...args)),
  };
}

/** The first formatter of a process loads the data of ICU, some ten milliseconds that a start need not wait for. */
function onFirstUse<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** Of the command, the log and the checks of files, which speak English. */
export const english = languageOf('en');
