import type { AlertTest, ToldItemView } from '../protocol/alert.ts';
import { alertNameMessage } from './alert.ts';
import { formatDuration } from './amount.ts';
import { message, type Message, sentences, verbatim } from './message.ts';

/** What came of a test notice. */
export function alertTestText({ receiver, ok, answered, problem, durationMs }: AlertTest): Message {
  const duration = formatDuration(Math.round(durationMs));
  if (ok) return message('{receiver} was told: it answered {answered} after {duration}.', { receiver, answered: answered ?? '', duration });
  return sentences(message('{receiver} was not told.', { receiver }), problem === undefined ? undefined : verbatim(problem));
}

/** `error: dead letters (esp)`: an item of a notice that was delivered. */
export function toldItemText({ turn, queue, kind, severity }: ToldItemView): Message {
  const told = { name: alertNameMessage(kind), queue };
  if (turn === 'ended') return message('over: {name} ({queue})', told);
  return severity === 'error' ? message('error: {name} ({queue})', told) : message('warning: {name} ({queue})', told);
}
