import type { WaitCause, Why } from '../../../schemas/protocol/why.ts';
import { causeMessage, changeCommand, spanMessage, whyTitle } from '../../../schemas/wording/why.ts';
import type { View } from '../terminal.ts';
import { formatAge, formatTime, oneLine, textOf } from './format.ts';
import { wrap } from './text-width.ts';

/** `sluice why`: the causes, numbered, each with the command that changes it, and what has become of a job's time so far. */
export function renderWhy(why: Why, view: View): string {
  const { causes, spans = [] } = why;
  const lines = [textOf(whyTitle(why)), ''];
  for (const [index, cause] of causes.entries()) {
    const number = causes.length > 1 ? `${index + 1}. ` : '  ';
    lines.push(wrap(`${number}${place(why, cause)}${causeText(cause, view)}`, view.width, number.length));
    const command = changeCommand(cause);
    if (command !== undefined) lines.push(`${' '.repeat(number.length)}${view.style('dim', command)}`);
  }
  if (spans.length > 0) lines.push('', wrap(`So far: ${spans.map((span) => textOf(spanMessage(span, { outside: oneLine }))).join(', ')}.`, view.width, 2));
  return lines.join('\n');
}

/** What of the run a cause is about. */
function place({ kind }: Why, { kind: cause, step, job }: WaitCause): string {
  if (kind === 'job' || step === undefined || cause === 'needs' || cause === 'making') return '';
  return job === undefined || cause === 'active' || cause === 'dead' ? `${step}: ` : `${step}, ${job}: `;
}

function causeText(cause: WaitCause, view: View): string {
  return textOf(causeMessage(cause, { time: (time) => `${formatTime(time, view)} (${formatAge(time, view)})`, outside: oneLine }));
}
