/** A bracket that nothing has closed. */
export interface OpenBracket {
  readonly at: number;
  /** What would close it. */
  readonly closer: string;
  /** Commas behind it that stand in no bracket further in. */
  readonly commas: number;
}

/** What is open at the end of a source: brackets, the innermost last, and the quote of a text. */
export interface OpenSigns {
  readonly brackets: readonly OpenBracket[];
  readonly quoteAt: number | undefined;
}

/** Which signs have a meaning. */
interface BracketSyntax {
  readonly closers: Readonly<Record<string, string>>;
  /** Whether a quote there opens a text; else it is a letter like any other. */
  readonly isQuote: (source: string, at: number) => boolean;
  /** Quotes in whose texts a backslash takes away the meaning of what follows it. */
  readonly escaping: string;
}

/** Of expressions in CEL. */
export const expressionBrackets: BracketSyntax = { closers: { '(': ')', '[': ']', '{': '}' }, isQuote: () => true, escaping: `"'` };

/** Of YAML within a line, where a quote counts at the beginning of a value only. */
export const flowBrackets: BracketSyntax = { closers: { '[': ']', '{': '}' }, isQuote: (source, at) => at === 0 || /[\s,:{[]/.test(source.charAt(at - 1)), escaping: '"' };

/** Reads a source that needn't be whole. What closes another bracket than the innermost closes none. */
export function openSigns(source: string, { closers, isQuote, escaping }: BracketSyntax): OpenSigns {
  const brackets: { readonly at: number; readonly closer: string; commas: number }[] = [];
  let quoteAt: number | undefined;
  for (let at = 0; at < source.length; at += 1) {
    const sign = source.charAt(at);
    const innermost = brackets.at(-1);
    if (quoteAt !== undefined) {
      const quote = source.charAt(quoteAt);
      if (sign === '\\' && escaping.includes(quote)) at += 1;
      else if (sign === quote) quoteAt = undefined;
    } else if ((sign === '"' || sign === "'") && isQuote(source, at)) quoteAt = at;
    else if (closers[sign] !== undefined) brackets.push({ at, closer: closers[sign], commas: 0 });
    else if (innermost !== undefined && sign === innermost.closer) brackets.pop();
    else if (innermost !== undefined && sign === ',') innermost.commas += 1;
  }
  return { brackets, quoteAt };
}
