/**
 * What can be said of the text of a statement without a server: how it begins, whether another one follows it, and which parameters it has. The quoting rules of Postgres and
 * of SQLite are read together; where they differ (nested comments, backticks), neither takes the other's form for anything else.
 */

/** A place for a value: `$1`, `?`, `?1` or `:name`. */
export interface SqlParameter {
  /** `1` of `$1`, `name` of `:name`; empty for a `?` alone. */
  readonly name: string;
  readonly sign: '$' | '?' | ':';
  readonly start: number;
  readonly end: number;
}

export interface SqlText {
  /** The first word, in upper case: `SELECT`; empty if there is no statement. */
  readonly verb: string;
  /** Of the verb. */
  readonly start: number;
  readonly parameters: readonly SqlParameter[];
  /** Where a second statement begins; undefined if there is none. */
  readonly second?: number;
  /** What has no end: a quote, a comment. */
  readonly open?: number;
}

const space = /\s+/y;
const lineComment = /--[^\n]*/y;
/** With a letter before it, as in `E'it\'s'`, a backslash of Postgres counts. */
const escapedText = /[eE]'(?:[^'\\]|''|\\[^])*('|$)/y;
const quoted = /'(?:[^']|'')*('|$)|"(?:[^"]|"")*("|$)|`(?:[^`]|``)*(`|$)/y;
const dollarQuote = /\$((?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$/y;
const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const number = /\d[\w.]*/y;
const parameter = /\$(\d+)|\?(\d*)|:([A-Za-z_]\w*)/y;

/** Reads the text once, from its beginning to its end. Never throws. */
export function readSql(text: string): SqlText {
  const parameters: SqlParameter[] = [];
  let verb: string | undefined;
  let start = 0;
  let hasEnded = false;
  let second: number | undefined;
  let open: number | undefined;
  for (let at = 0; at < text.length;) {
    const gap = matchAt(space, text, at) ?? matchAt(lineComment, text, at);
    if (gap !== undefined) {
      at += gap[0].length;
      continue;
    }
    if (text.startsWith('/*', at)) {
      const end = endOfComment(text, at);
      if (end === undefined) open ??= at;
      at = end ?? text.length;
      continue;
    }
    if (text[at] === ';') {
      hasEnded = true;
      at++;
      continue;
    }
    if (hasEnded && verb !== undefined) second ??= at;
    const from = at;
    if (verb === undefined) start = at;
    const known = tokenAt(text, at);
    at += known.length;
    if (known.isOpen) open ??= from;
    if (known.parameter !== undefined) parameters.push({ ...known.parameter, start: from, end: at });
    const spelled = known.isWord ? text.slice(from, at).toUpperCase() : undefined;
    // `(SELECT …) UNION …` begins with its first word.
    if (verb === undefined && text[from] !== '(') verb = spelled ?? text.slice(from, at);
  }
  return { verb: verb ?? '', start, parameters, ...(second === undefined ? {} : { second }), ...(open === undefined ? {} : { open }) };
}

interface Token {
  readonly length: number;
  readonly isWord?: true;
  readonly isOpen?: true;
  readonly parameter?: Pick<SqlParameter, 'name' | 'sign'>;
}

function tokenAt(text: string, at: number): Token {
  const literal = matchAt(escapedText, text, at) ?? matchAt(quoted, text, at);
  if (literal !== undefined) return { length: literal[0].length, ...(literal.slice(1).every((quote?: string) => quote === undefined || quote === '') ? { isOpen: true as const } : {}) };
  const tag = matchAt(dollarQuote, text, at)?.[0];
  if (tag !== undefined) {
    const end = text.indexOf(tag, at + tag.length);
    return end < 0 ? { length: text.length - at, isOpen: true } : { length: end + tag.length - at };
  }
  const named = matchAt(word, text, at);
  if (named !== undefined) return { length: named[0].length, isWord: true };
  const digits = matchAt(number, text, at);
  if (digits !== undefined) return { length: digits[0].length };
  // A cast, or an assignment: no parameter.
  if (text.startsWith('::', at) || text.startsWith(':=', at)) return { length: 2 };
  const place = matchAt(parameter, text, at);
  if (place === undefined) return { length: 1 };
  const [found, dollar, question, colon] = place;
  if (dollar !== undefined) return { length: found.length, parameter: { sign: '$', name: dollar } };
  return colon === undefined ? { length: found.length, parameter: { sign: '?', name: question ?? '' } } : { length: found.length, parameter: { sign: ':', name: colon } };
}

/** Comments of Postgres stand in each other. */
function endOfComment(text: string, start: number): number | undefined {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  for (let depth = 0, found = mark.exec(text); found !== null; found = mark.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
