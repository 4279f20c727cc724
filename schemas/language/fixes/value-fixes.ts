import { message, type Message } from '../../wording/message.ts';
import { likelyCron } from '../../workflow/analysis/cron.ts';
import { nodeAt, pathAt } from '../../workflow/document.ts';
import { parseDuration } from '../../workflow/duration.ts';
import { lineStart } from '../../workflow/line-map.ts';
import { isSameWord } from '../../workflow/nearest-name.ts';
import { formatPercentage, parsePercentage } from '../../workflow/alert.ts';
import { parseRate } from '../../workflow/rate.ts';
import { withoutTypographicQuotes } from '../../workflow/syntax-problem.ts';
import { changeHere, type Fix, type FixContext, type Fixer, type TextChange } from './fix.ts';
import { inQuotes, isQuoted, replaceScalar } from './yaml-edit.ts';

/** Units in words. A letter alone could be another one: `1M` is a minute to some, and a month to others. */
const spelledUnits: ReadonlyMap<string, string> = new Map(
  Object.entries({ ms: 'milli millis millisecond milliseconds', s: 'sec secs second seconds', m: 'min mins minute minutes', h: 'hr hrs hour hours', d: 'day days', w: 'week weeks' }).flatMap(([unit, words]) =>
    words.split(' ').map((word) => [word, unit] as const),
  ),
);

/** A duration without a unit, or with one that is spelled out. */
export const durationFix: Fixer = (context) => {
  const written = bareText(context);
  if (/^\d+(\.\d+)?$/.test(written)) return ['s', 'm', 'ms'].flatMap((unit) => replaceBy(context, `${written}${unit}`, { preferred: unit === 's', isSafe: false }));
  const [, months] = /^(\d{1,3})\s*(?:M|mo|mon|mth|months?)$/.exec(written) ?? [];
  if (months !== undefined) return [...(/M$/.test(written) ? replaceBy(context, `${months}m`, { isSafe: false }) : []), ...replaceBy(context, `${Number(months) * 30}d`, { isSafe: false })];
  const fixed = written.toLowerCase().replace(/\s+/g, '').replace(/[a-z]+/g, (unit) => spelledUnits.get(unit) ?? unit);
  const isSafe = (written.match(/[A-Za-z]+/g) ?? []).every((unit) => spelledUnits.has(unit.toLowerCase()) || parseDuration(`1${unit}`).ok);
  return parseDuration(fixed).ok && fixed !== written ? replaceBy(context, fixed, { preferred: true, isSafe }) : [];
};

/** Where a rate or a retry policy holds a duration; other numbers in it are none. */
export const durationWithinFix: Fixer = (context) => {
  const path = pathAt(context.root, context.finding.range.start);
  const key = typeof path.at(-1) === 'number' ? path.at(-2) : path.at(-1);
  const isDuration = key === 'delays' ? path.at(-1) !== key : key === 'first' || key === 'max' || key === 'per';
  return isDuration ? durationFix(context) : [];
};

/** `100`, `100/minute`, `100 per minute`. */
export const rateFix: Fixer = (context) => {
  const path = pathAt(context.root, context.finding.range.start);
  if ((typeof path.at(-1) === 'number' ? path.at(-2) : path.at(-1)) !== 'rate') return [];
  const written = bareText(context);
  const [, limit = '', window = 'min'] = /^(\d+)(?:\s*(?:\/|per)\s*([A-Za-z]+))?$/.exec(written) ?? [];
  const unit = spelledUnits.get(window.toLowerCase()) ?? window.toLowerCase();
  const rate = `${limit}/${unit === 'm' ? 'min' : unit}`;
  if (limit === '' || !parseRate(rate).ok || rate === written) return [];
  return replaceBy(context, rate, { preferred: true, isSafe: spelledUnits.has(window.toLowerCase()) && written !== limit });
};

/** A number or a truth value where a text is wanted: `name: 5`. */
export const quoteFix: Fixer = (context) => {
  const written = bareText(context);
  if (context.finding.isQuotable !== true || !/^[\w.+-]+$/.test(written)) return [];
  return changeHere(context, message('Put it in quotes'), { range: context.finding.range, text: `"${written}"` }, { preferred: true, isSafe: true });
};

/** Within `{ }` and `[ ]`, the braces of a bare expression are those of a map. Of a text around it, a person says where it ends. */
export const bareExpressionFix: Fixer = (context) => {
  const { text, finding } = context;
  const written = withoutTypographicQuotes(text.slice(finding.range.start, finding.range.end));
  if (!/\$\{\{.*\}\}/s.test(written)) return [];
  const isSafe = /^\$\{\{(?:[^}]|\}(?!\}))*\}\}$/.test(written);
  const title = isSafe ? message('Put the expression in quotes') : message("Put '{written}' in quotes", { written });
  return changeHere(context, title, { range: finding.range, text: inQuotes(written) }, { preferred: true, isSafe });
};

/** A text of one line that YAML takes for something else by its first character: `cron: @daily`, or a cron expression that begins with a star. */
export const bareTextFix: Fixer = (context) => {
  const { text, finding } = context;
  const at = lineStart(text, finding.range.start);
  const line = /^[^\r\n]*/.exec(text.slice(at))?.[0] ?? '';
  const [, before = '', written = ''] = /^(\s*(?:- +)*(?:\{ *)?(?:[\w-]+: +)?)([@`%*][^"'#{},]*?)\s*(?:[},].*| #.*)?$/.exec(line) ?? [];
  const start = at + before.length;
  if (before.trim() === '' || finding.range.start < start || /^\*\w+$/.test(written)) return [];
  const cron = before.trimEnd().endsWith('cron:') ? likelyCron(written) : undefined;
  return changeHere(context, cron === undefined ? message("Put '{written}' in quotes", { written }) : message('Change to {suggestion}', { suggestion: `'${cron}'` }), { range: { start, end: start + written.length }, text: inQuotes(cron ?? written) }, { preferred: true, isSafe: false });
};

/** A share without its sign. Of less than 1, nobody can tell whether it is a share of 1 or of 100. */
export const percentageFix: Fixer = (context) => {
  const written = bareText(context);
  if (!/^\d{1,3}(\.\d{1,9})?$/.test(written)) return [];
  const isShare = Number(written) > 0 && Number(written) < 1;
  const shares = isShare ? [formatPercentage(Number(written)), `${written}%`] : [`${written}%`];
  return shares.filter((share) => parsePercentage(share).ok).flatMap((share) => replaceBy(context, share, { preferred: !isShare, isSafe: false }));
};

function bareText({ text, finding: { range } }: FixContext): string {
  return text.slice(range.start, range.end).replace(/^(["'])(.*)\1$/s, '$2').trim();
}

function replaceBy(context: FixContext, value: string, marks: Pick<Fix, 'preferred' | 'isSafe'>): readonly Fix[] {
  return changeHere(context, message('Change to {suggestion}', { suggestion: `'${value}'` }), replaceScalar(context.text, context.finding.range, value), marks);
}

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
