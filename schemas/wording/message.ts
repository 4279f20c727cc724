/**
 * What is told to people, before it has a language: an English pattern, which is also its key in a translation, and arguments.
 *
 * A pattern is a whole sentence (or a whole label) with names in braces: `{job} was answered {cause}.` Where a number decides its form, the pattern is an
 * ICU plural, each form of which is a whole sentence: `{count, plural, one {# job waits.} other {# jobs wait.}}`; `#` is the number. English has the forms
 * `one` and `other`; a translation has those of its language (`few`, `many`). A form for exactly one is `=1 {The other one waits.}`: in other languages
 * `one` is for 21 as well, so it tells its number. See https://unicode-org.github.io/icu/userguide/format_parse/messages/:
 * what is read here is that subset, and no nesting, so that each sentence is in one piece.
 */
export interface Message {
  readonly pattern: string;
  readonly args: MessageArgs;
}

/** Text stands as it is, numbers are written as in the reader's language, and a message within a message is told in the same language. */
export type MessageArg = string | number | Message;

export type MessageArgs = Readonly<Record<string, MessageArg>>;

/** The names in a pattern and what each may be: the compiler refuses a message whose arguments don't fit. */
export type ArgsOf<P extends string> = P extends `{${infer Count}, plural, ${'one' | '=1'} {${infer One}} other {${infer Other}}}`
  ? Readonly<Record<Count, number>> & Readonly<Record<Exclude<NamesIn<One> | NamesIn<Other>, Count>, MessageArg>>
  : Readonly<Record<NamesIn<P>, MessageArg>>;

type NamesIn<P extends string> = P extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/** Nothing for a pattern without names. */
export type ArgsFor<P extends string> = keyof ArgsOf<P> extends never ? [] : [args: ArgsOf<P>];

export function message<const P extends string>(pattern: P, ...[args]: ArgsFor<P>): Message {
  return { pattern, args: args ?? {} };
}

/** Sentences one after the other, as one message. */
export function sentences(...parts: readonly (Message | undefined)[]): Message {
  const told = parts.filter((part) => part !== undefined);
  return { pattern: told.map((_, index) => `{${index}}`).join(' '), args: Object.fromEntries(told.map((part, index) => [index, part])) };
}

/** Text that has no translation here, because it was written elsewhere. */
export function verbatim(text: string): Message {
  return { pattern: '{text}', args: { text } };
}

/** Bounds of a message that comes from outside: characters of all its texts, arguments of all its messages, and messages within messages. */
const received = { maxChars: 100_000, maxPatternChars: 4_000, maxArgs: 200, maxDepth: 8 } as const;

/** A message that comes from outside; undefined if the value is none, or is larger than any that Sluice makes. */
export function readMessage(value: unknown): Message | undefined {
  const room = { chars: received.maxChars, args: received.maxArgs };
  const readText = (text: string): string | undefined => ((room.chars -= text.length) < 0 ? undefined : text);
  const readArg = (arg: unknown, depth: number): MessageArg | undefined => {
    if (--room.args < 0) return undefined;
    if (typeof arg === 'string') return readText(arg);
    return typeof arg === 'number' ? arg : readAt(arg, depth);
  };
  const readAt = (given: unknown, depth: number): Message | undefined => {
    if (depth > received.maxDepth || !isObject(given) || !isObject(given['args'])) return undefined;
    const { pattern } = given;
    if (typeof pattern !== 'string' || pattern.length > received.maxPatternChars || readText(pattern) === undefined) return undefined;
    const args: [name: string, arg: MessageArg][] = [];
    for (const [name, one] of Object.entries(given['args'])) {
      const arg = readArg(one, depth + 1);
      if (arg === undefined) return undefined;
      args.push([name, arg]);
    }
    return { pattern, args: Object.fromEntries(args) };
  };
  return readAt(value, 1);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Plural forms by the name that CLDR gives them, or `=1` for exactly that number; `other` is there in every language. */
interface Plural {
  readonly count: string;
  readonly forms: ReadonlyMap<string, string>;
}

export interface RenderedBy {
  readonly number: (value: number) => string;
  readonly plural: (count: number) => string;
  /** The pattern in the reader's language; the pattern itself, if there is no translation. */
  readonly translate: (pattern: string) => string;
}

/** Never throws: a translation that is damaged shows as it stands. */
export function renderMessage({ pattern, args }: Message, by: RenderedBy): string {
  const translated = by.translate(pattern);
  const plural = readPlural(translated);
  const count = plural === undefined ? undefined : args[plural.count];
  if (plural === undefined || typeof count !== 'number') return fill(translated, args, by);
  return fill((plural.forms.get(`=${count}`) ?? plural.forms.get(by.plural(count)) ?? plural.forms.get('other') ?? '').replaceAll('#', `{${plural.count}}`), args, by);
}

function fill(text: string, args: MessageArgs, by: RenderedBy): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const arg = Object.hasOwn(args, name) ? args[name] : undefined;
    if (arg === undefined) return whole;
    if (typeof arg === 'string') return arg;
    return typeof arg === 'number' ? by.number(arg) : renderMessage(arg, by);
  });
}

/** Undefined for a pattern that is not a plural, or is not closed. */
export function readPlural(pattern: string): Plural | undefined {
  const [head, count = ''] = /^\{(\w+), plural,/.exec(pattern) ?? [];
  if (head === undefined || !pattern.endsWith('}')) return undefined;
  const forms = new Map<string, string>();
  // A form is text with names in braces, and nothing deeper.
  for (const [, form = '', text = ''] of pattern.slice(head.length, -1).matchAll(/\s*(\w+|=\d+)\s*\{((?:[^{}]|\{\w+\})*)\}/g)) forms.set(form, text);
  return forms.has('other') ? { count, forms } : undefined;
}
