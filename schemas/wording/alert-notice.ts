import type { AlertFacts } from '../protocol/alert.ts';
import type { AlertSeverity } from '../workflow/alert.ts';
import { alertMessages, alertNameMessage } from './alert.ts';
import { formatDuration } from './amount.ts';
import { message, type Message, sentences } from './message.ts';

/** What is told of an alert; see `core/alert-notice.ts`. */
interface ToldItem {
  readonly turn: 'began' | 'worse' | 'eased' | 'lasts' | 'ended';
  readonly severity: AlertSeverity;
  readonly begunAt: number;
  readonly facts: AlertFacts;
}

/** One line of a notice: `Error: Dead letters of esp: 3; the threshold is 1.` */
export function noticeLine({ turn, severity, begunAt, facts }: ToldItem, nowMs: number, timeOfDay: (time: string) => string): Message {
  const told = { alert: sentences(...alertMessages(facts.queue, facts, nowMs, timeOfDay)), duration: formatDuration(Math.max(1000, Math.round((nowMs - begunAt) / 1000) * 1000)) };
  switch (turn) {
    case 'began':
      return severity === 'error' ? message('Error: {alert}', told) : message('Warning: {alert}', told);
    case 'worse':
      return message('Now an error: {alert}', told);
    case 'eased':
      return message('No longer an error, still a warning: {alert}', told);
    case 'lasts':
      return severity === 'error' ? message('Still an error, for {duration}: {alert}', told) : message('Still a warning, for {duration}: {alert}', told);
    case 'ended':
      return message('Over after {duration}: {name} ({queue}).', { duration: told.duration, name: alertNameMessage(facts.kind), queue: facts.queue });
  }
}

/** The subject of a notice: `Error in shop: dead letters (esp)`, or how many there are of each. `count`: of all, of which `items` are the first. */
export function noticeSubject(project: string, items: readonly ToldItem[], count: number): Message {
  const [first] = items;
  if (first !== undefined && count < 2) {
    const told = { project, name: alertNameMessage(first.facts.kind), queue: first.facts.queue };
    if (first.turn === 'ended') return message('Over in {project}: {name} ({queue})', told);
    return first.severity === 'error' ? message('Error in {project}: {name} ({queue})', told) : message('Warning in {project}: {name} ({queue})', told);
  }
  const over = items.filter(({ turn }) => turn === 'ended').length;
  const errors = items.filter(({ turn, severity }) => turn !== 'ended' && severity === 'error').length;
  const parts = [
    errors > 0 ? message('{count, plural, one {# error} other {# errors}}', { count: errors }) : undefined,
    items.length > over + errors ? message('{count, plural, one {# warning} other {# warnings}}', { count: items.length - over - errors }) : undefined,
    over > 0 ? message('{count, plural, one {# is over} other {# are over}}', { count: over }) : undefined,
    count > items.length ? message('{count, plural, one {# more} other {# more}}', { count: count - items.length }) : undefined,
  ].filter((part) => part !== undefined);
  return message('Alerts in {project}: {parts}', { project, parts: { pattern: parts.map((_, index) => `{${index}}`).join(', '), args: Object.fromEntries(parts.map((part, index) => [index, part])) } });
}
