import { foundItemsMessage } from '../../../schemas/wording/found-items.ts';
import { concurrencyMessage } from '../../../schemas/wording/run.ts';
import { forecastMessage } from '../../../schemas/wording/queue.ts';
import type { RunPreview, StepPreview } from '../../../schemas/protocol/run.ts';
import { formatRates, indent, oneLine, say, textOf } from './format.ts';

/** Longest payload and problem that are shown, in characters. */
const maxShown = 400;

/** `sluice run --dry-run`: what would be done at the start of a run. */
export function renderRunPreview({ steps, later, concurrency, files = {} }: RunPreview): string {
  const gate = concurrency === undefined ? undefined : concurrencyMessage(concurrency);
  return [
    ...(gate === undefined ? [] : [textOf(gate)]),
    ...Object.entries(files).map(([name, found]) => say('The input {name}: {found}.', { name, found: textOf(foundItemsMessage(found)) })),
    ...steps.flatMap(stepLines),
    ...(later.length === 0 ? [] : [say('Afterwards: {list}.', { list: later.join(', ') })]),
    say('This was a dry run: nothing was started.'),
  ].join('\n');
}

function stepLines(step: StepPreview): readonly string[] {
  const { step: id, uses, problem, skipped, found, jobs, queue, rate, rates, concurrency, paused, ahead, pages, duplicates, duplicateKeys, unusable, first, forecast } = step;
  const name = `${id} (${uses})`;
  if (problem !== undefined) return [say('{step} would fail: {problem}', { step: name, problem: oneLine(problem).slice(0, maxShown) })];
  if (skipped) return [say('{step} is skipped: its `if` is false.', { step: name })];
  const pace = [...(rate === undefined ? [] : [formatRates(rates ?? [rate])]), say('{count} at a time', { count: concurrency }), ...(paused ? [say('paused')] : [])].join(', ');
  const notes = [
    say('{count, plural, =1 {One job waits in the queue before them.} other {# jobs wait in the queue before them.}}', { count: ahead }),
    say('{count, plural, one {# duplicate is left out: {keys}} other {# duplicates are left out: {keys}}}', { count: duplicates, keys: duplicateKeys.join(', ') }),
    say('{count, plural, one {# item becomes a dead letter: {problem}} other {# items become dead letters: {problem}}}', { count: unusable, problem: oneLine(first?.problem ?? say('its key can not be used.')).slice(0, maxShown) }),
  ].filter((_, index) => [ahead, duplicates, unusable][index] !== 0);
  const payload = first?.payload === undefined ? [] : [say('The first call: {payload}', { payload: oneLine(JSON.stringify(first.payload)).slice(0, maxShown) })];
  return [
    [
      say('{count, plural, one {{step}: # job in the queue {queue} ({pace})} other {{step}: # jobs in the queue {queue} ({pace})}}', { count: jobs, step: name, queue, pace }),
      // Nothing is known of a queue that has not run yet.
      ...(forecast.state === 'unknown' ? [] : [textOf(forecastMessage(forecast))]),
    ].join(', '),
    ...[...(found === undefined ? [] : [say('Its file: {found}.', { found: textOf(foundItemsMessage(found)) })]), ...notes, ...payload, ...(pages === true ? [say('A job for each further page follows, one after the other. How many there are, each page says.')] : [])].map((line) => indent(line)),
  ];
}
