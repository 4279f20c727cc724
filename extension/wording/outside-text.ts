import type { EvaluationView } from '../../schemas/protocol/workflow.ts';
import type { Target } from '../base/target.ts';
import { say } from './language.ts';

/** One line of text from outside, at most `maxChars` long: an answer of a server could hold anything. */
export function oneLine(text: string, maxChars = 200): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+/g, ' ').trim();
  return line.length <= maxChars ? line : `${line.slice(0, maxChars - 1)}…`;
}

/** Text from outside within Markdown: nothing in it is markup, a link or an icon. */
export function escapeMarkdown(text: string): string {
  return oneLine(text, 500)
    .replace(/[\\`*_{}[\]()#+\-.!|~<>&]/g, '\\$&')
    .replace(/\$\(/g, '$\\(');
}

/** A link that runs a command, as VS Code reads it in trusted Markdown. `label` is Markdown already. */
export function commandLink(label: string, command: string, target?: Target): string {
  // Parentheses would end the link; `encodeURIComponent` leaves them alone.
  const query = target === undefined ? '' : `?${encodeURIComponent(JSON.stringify([target])).replace(/[()]/g, (sign) => (sign === '(' ? '%28' : '%29'))}`;
  return `[${label}](command:${command}${query})`;
}

/** A value as JSON, in this many lines at most; of one that is too large, its beginning. */
export function valueText({ value, preview, size }: EvaluationView, maxLines = Infinity): string {
  if (preview !== undefined) return `${preview}\n… ${say('({count} characters in all)', { count: size ?? 0 })}`;
  const lines = JSON.stringify(value ?? null, null, 2).split('\n');
  if (lines.length <= maxLines) return lines.join('\n');
  return [...lines.slice(0, maxLines - 1), `… ${say('({count} lines in all)', { count: lines.length })}`].join('\n');
}
