import type { QueueAlert, QueueView, RateUseShape, ResumedQueue, UndeclaredQueue } from '../../../schemas/protocol/queue.ts';
import { alertLevelMessage, alertMessages } from '../../../schemas/wording/alert.ts';
import { formatShare, formatShortDuration } from '../../../schemas/wording/amount.ts';
import { connectionWaitMessage } from '../../../schemas/wording/connection.ts';
import { forecastMessage, fullestRate, holdMessage, lackingMessages, ratesOfQueue, setByHandMessage, undeclaredMessages } from '../../../schemas/wording/queue.ts';
import type { View } from '../terminal.ts';
import { formatAge, formatNumber, formatRate, formatRates, formatTime, oneLine, paragraphOf, say, textOf } from './format.ts';
import { renderTable, type Column } from './table.ts';
import { widthOf, wrap } from './text-width.ts';

/** `sluice queues`: a row for each, then what needs attention, with the command that helps. */
export function renderQueues(queues: readonly QueueView[], view: View): string {
  if (queues.length === 0) return 'There are no queues yet. A workflow declares them under `queues:`, or .sluice/queues.yaml does for all workflows.';
  const notes = queues.flatMap((queue) => notesOf(queue, view));
  if (queues.some(({ concurrencyOf }) => concurrencyOf === 'all')) notes.push('Rates and concurrency count over all daemons that share the store.');
  if (queues.some(({ concurrencyOf }) => concurrencyOf === 'each')) notes.push('`each`: no concurrency is set, so each daemon that shares the store has that many places. Rates count over all of them.');
  return [renderTable(queues, queueColumns(view), view), ...(notes.length === 0 ? [] : ['', ...notes.map((note) => fitNote(note, view.width))])].join('\n');
}

/** A command that doesn't fit behind its reason stands beneath it, whole, to be copied. */
function fitNote(note: string, width: number | undefined): string {
  return width === undefined || widthOf(note) <= width ? note : wrap(note.replace(': sluice ', ':\n  sluice '), width, 2);
}

/** The columns of a list of queues; the narrower the terminal, the fewer. */
export function queueColumns({ now }: Pick<View, 'now'>): readonly Column<QueueView>[] {
  return [
    { title: 'QUEUE', value: ({ name }) => name, shrinkTo: 18, cut: 'middle' },
    { title: 'PENDING', value: ({ depth }) => formatNumber(depth.pending), align: 'right' },
    { title: 'DELAYED', value: ({ depth }) => formatNumber(depth.delayed), align: 'right', dropOrder: 0, blank: '0' },
    { title: 'ACTIVE', value: ({ depth, concurrency, concurrencyOf }) => `${formatNumber(depth.active)}/${formatNumber(concurrency)}${concurrencyOf === 'each' ? ' each' : ''}`, align: 'right' },
    { title: 'DEAD', value: ({ depth }) => formatNumber(depth.dead), format: ({ depth }) => (depth.dead > 0 ? 'red' : undefined), align: 'right' },
    { title: 'RATE USED', value: rateUsed, align: 'right', dropOrder: 0 },
    { title: 'PER MIN', value: ({ throughputPerMinute }) => formatNumber(Math.round(throughputPerMinute)), align: 'right', dropOrder: 4 },
    { title: 'FAILED', value: ({ failureRate }) => formatShare(failureRate), align: 'right', dropOrder: 3, blank: '0%' },
    { title: 'OLDEST', value: ({ oldestPendingAt }) => (oldestPendingAt === undefined ? '-' : formatShortDuration(now - Date.parse(oldestPendingAt))), align: 'right', dropOrder: 2, blank: '-' },
    { title: 'EMPTY IN', value: drain, align: 'right', dropOrder: 1, blank: '-' },
  ];
}

/** Of several, the one of which most is used; a note has all of them. */
function rateUsed(queue: QueueView): string {
  const rate = fullestRate(queue);
  if (rate === undefined) return 'no limit';
  return queue.rateUsed === undefined ? formatRate(rate) : usedOf(rate);
}

function usedOf(rate: RateUseShape): string {
  return `${formatNumber(rate.used)} of ${formatRate(rate)}`;
}

function drain({ forecast: { state, drainMs, reason } }: QueueView): string {
  switch (state) {
    case 'idle':
      return '-';
    case 'draining':
      return drainMs === undefined ? '?' : formatShortDuration(drainMs);
    case 'stalled':
      if (reason === 'not-due') return 'later';
      return reason === 'paused' || reason === 'held' ? reason : textOf(forecastMessage({ state }));
    case 'steady':
    case 'growing':
      return textOf(forecastMessage({ state }));
    case 'unknown':
      return '?';
  }
}

function notesOf(queue: QueueView, view: View): string[] {
  const { style, now } = view;
  const { name, paused, overrides, heldUntil, depth, maxDepth, forecast, alerts } = queue;
  const notes = alerts.map((alert) => renderAlert(name, alert, view));
  if (queue.undeclared !== undefined) notes.push(style('yellow', undeclaredNote(name, queue.undeclared)));
  if (paused) notes.push(style('yellow', `${name} is paused: sluice resume ${name}`));
  if (heldUntil !== undefined && Date.parse(heldUntil) > now) {
    notes.push(style('yellow', `${name} is held until ${formatTime(heldUntil, view)} (${formatAge(heldUntil, { now })}). ${holdReason(queue)} To resume it now: sluice resume ${name}`));
  }
  if (forecast.state === 'growing') notes.push(style('yellow', `${name} grows by about ${formatNumber(Math.ceil(forecast.growthPerMinute ?? 0))} jobs a minute: more arrive than are completed.`));
  if (forecast.reason === 'nothing-completes') notes.push(style('yellow', `All attempts of ${name} are failing: \`sluice jobs --queue ${name}\` shows why.`));
  for (const lacking of queue.lacking ?? []) notes.push(style('yellow', paragraphOf(lackingMessages(name, lacking))));
  for (const connection of queue.connections ?? []) notes.push(textOf(connectionWaitMessage(name, connection)));
  if (queue.rates !== undefined) notes.push(`${name} has several rates: ${queue.rates.map(usedOf).join(', ')}.`);
  const set = overriddenText(queue);
  if (set !== undefined) notes.push(`${name} runs with ${set} instead of what the file says: sluice set ${name} ${resetOptions(overrides)}`);
  if (maxDepth !== undefined && depth.pending + depth.delayed >= maxDepth) {
    notes.push(style('red', `${name} is full (max-depth ${formatNumber(maxDepth)}) and takes no more jobs.`));
  }
  if (depth.dead > 0) notes.push(say('{count, plural, one {{name} has # dead letter: sluice dead list --queue {name}} other {{name} has # dead letters: sluice dead list --queue {name}}}', { count: depth.dead, name }));
  return notes;
}

function undeclaredNote(name: string, undeclared: UndeclaredQueue): string {
  const next = undeclared.reason === 'gone' ? `To move or release them: sluice queues move ${name} --to QUEUE, or sluice queues release ${name}` : 'To see the errors: sluice validate';
  return `${paragraphOf(undeclaredMessages(name, undeclared))} ${next}`;
}

/** `✖ Error for 3m: erp has 6,000 jobs waiting; the threshold is 5,000.` Red and yellow only repeat what sign and words say. */
export function renderAlert(queue: string, alert: QueueAlert, view: View): string {
  const { severity, value, threshold, endsAt } = alert;
  const isPresent = value >= threshold && endsAt === undefined;
  const level = isPresent ? `${textOf(alertLevelMessage(alert, view.now))}: ` : '';
  const text = paragraphOf(alertMessages(queue, alert, view.now, (time) => formatTime(time, view)));
  return view.style(!isPresent ? 'dim' : severity === 'error' ? 'red' : 'yellow', `${severity === 'error' ? '✖' : '⚠'} ${level}${text}`);
}

/** What was set by hand: `rate 50/min and concurrency 5`. */
export function overriddenText({ overrides }: Pick<QueueView, 'overrides'>): string | undefined {
  const told = setByHandMessage(overrides);
  return told && textOf(told);
}

function resetOptions({ rate, concurrency }: QueueView['overrides']): string {
  return [rate === undefined ? '' : '--rate file', concurrency === undefined ? '' : '--concurrency file'].filter((part) => part !== '').join(' ');
}

function holdReason({ heldBy }: Pick<QueueView, 'heldBy'>): string {
  return textOf(holdMessage(heldBy, oneLine));
}

/** What resuming a queue has changed, and how the queue is now. */
export function renderResumed(queue: ResumedQueue, view: Pick<View, 'timeZone'>): string {
  const { resumed, name, depth } = queue;
  const lines: string[] = [];
  if (resumed.paused) lines.push(`Ended the pause of ${name}.`);
  if (resumed.heldUntil !== undefined) lines.push(`Lifted the hold of ${name} until ${formatTime(resumed.heldUntil, view)}. ${holdReason(resumed)}`);
  if (lines.length === 0) lines.push(`${name} was neither paused nor held.`);
  lines.push(renderQueueLine(queue));
  if (resumed.heldUntil !== undefined && depth.delayed > 0) {
    lines.push(
      say(
        '{count, plural, one {# job of it waits for a retry time of its own: `sluice retry --all --queue {name}` starts it now.} other {# jobs of it wait for a retry time of their own: `sluice retry --all --queue {name}` starts them now.}}',
        { count: depth.delayed, name },
      ),
    );
  }
  return lines.join('\n');
}

/** One queue in a sentence, after it was paused, resumed or set. */
export function renderQueueLine(queue: QueueView): string {
  const { name, paused, heldUntil, concurrency, depth, forecast } = queue;
  const set = overriddenText(queue);
  const limits = `${formatRates(ratesOfQueue(queue))}, concurrency ${formatNumber(concurrency)}`;
  const waiting = `${formatNumber(depth.pending)} pending, ${formatNumber(depth.active)} active`;
  const end = forecast.drainMs === undefined ? '' : `, ${textOf(forecastMessage(forecast))}`;
  const state = paused ? 'is paused' : heldUntil === undefined ? 'runs' : 'is held';
  return `${name} ${state}: ${limits}${set === undefined ? '' : ` (set by hand: ${set})`}; ${waiting}${end}.`;
}
