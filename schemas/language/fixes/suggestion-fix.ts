import { nodeAt, pathAt } from '../../workflow/document.ts';
import { isSameWord } from '../../workflow/nearest-name.ts';
import { changeHere, type FixContext, type Fixer } from './fix.ts';
import type { TextChange } from './text-change.ts';
import { inQuotes, isQuoted, replaceScalar } from './yaml-edit.ts';
import { type Message, message } from '../../wording/message.ts';

/** Findings about words of the language: another word with the same letters is the same word. Names that people choose may differ by as little. */
const aboutWords: ReadonlySet<string> = new Set(['unknown-key', 'bad-value', 'bad-with', 'bad-schema', 'bad-priority', 'unknown-action', 'bad-timezone']);

/** "Did you mean": what the analysis has thought of already. One suggestion alone is what was probably meant; of several, a person chooses. */
export const suggestionFix: Fixer = (context) => {
  const { finding } = context;
  const { suggestions = [] } = finding;
  const isOnly = suggestions.length === 1;
  return suggestions.flatMap((suggestion) =>
    changeHere(context, titleOf(suggestion), replacement(context, suggestion), { preferred: isOnly, isSafe: isOnly && aboutWords.has(finding.code) && isSameWord(writtenAt(context), suggestion) }),
  );
};

function writtenAt({ text, finding: { range } }: FixContext): string {
  return isQuoted(text, range) ? text.slice(range.start + 1, range.end - 1) : text.slice(range.start, range.end);
}

function titleOf(suggestion: string): Message {
  return message('Change to {suggestion}', { suggestion: suggestion.includes("'") ? suggestion : `'${suggestion}'` });
}

/**
 * A suggestion with quotes of its own is a piece of an expression (`'fast'`, `['message-id']`): the range's quotes, too, are the
 * expression's. Another that begins with a sign (`*` of a cron expression) can't stand bare.
 */
function replacement({ text, root, finding: { range } }: FixContext, suggestion: string): TextChange {
  if (!suggestion.includes("'")) return replaceScalar(text, range, /^\w/.test(suggestion) || isQuoted(text, range) ? suggestion : inQuotes(suggestion));
  const node = nodeAt(root, pathAt(root, range.start));
  const isSingleQuoted = node?.kind === 'scalar' && node.style === 'single-quoted';
  return { range, text: isSingleQuoted ? suggestion.replaceAll("'", "''") : suggestion };
}
