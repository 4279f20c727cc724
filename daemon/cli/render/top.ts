import path from 'node:path';
import type { DaemonStatus } from '../../../schemas/protocol/daemon-status.ts';
import type { JobSummary } from '../../../schemas/protocol/job.ts';
import type { QueueView } from '../../../schemas/protocol/queue.ts';
import { formatShortDuration } from '../../../schemas/wording/amount.ts';
import type { View } from '../terminal.ts';
import { formatCount, formatTime, oneLine, say } from './format.ts';
import { renderLogLine } from './log-line.ts';
import { queueColumns, renderAlert } from './queues.ts';
import { renderTable } from './table.ts';
import { cutTo, widthOf, wrap } from './text-width.ts';

/** All that `sluice top` shows at a moment. */
export interface TopFrame {
  /** As last told; undefined before the daemon has answered. */
  readonly status: DaemonStatus | undefined;
  /** Why there is no daemon just now, in a sentence; what is shown is then as it was. */
  readonly absence: string | undefined;
  /** The queue that keys are about. */
  readonly selected: string | undefined;
  /** Of each queue: attempts that succeeded in each of the last steps of ten seconds, oldest first. */
  readonly history: ReadonlyMap<string, readonly number[]>;
  /** Active jobs of the selected queue. */
  readonly active: readonly JobSummary[];
  /** The end of the log, in lines of JSON. */
  readonly log: readonly string[];
  /** Covers what is below the queues: an answer to *why*, or the help. */
  readonly overlay: string | undefined;
  /** A question, or what came of a key; the keys if omitted. */
  readonly footer: string | undefined;
}

export interface TopView extends View {
  readonly width: number;
  readonly height: number;
}

/** The most steps of a history that are drawn. */
export const historySteps = 12;
const maxAlerts = 4;
const maxActive = 5;
const keys = 'Up/Down choose  p pause  r resume  w why  ? help  q quit';

export const topHelp = `Keys
  Up, Down, k, j   choose a queue
  p                pause it: no more jobs start
  r                resume it, and end a hold of its receiver
  w                why it waits, and what changes that
  q, Ctrl-C        quit; the daemon continues

The bars are attempts that succeeded in each ten seconds of the last two minutes, each queue by its own scale.`;

/** The lines of the screen, as many as it is high at most, none wider than it is. */
export function renderTop(frame: TopFrame, view: TopView): string[] {
  const { status, overlay } = frame;
  const head = [...headLines(frame, view), ''];
  const foot = frame.footer === undefined ? view.style('dim', keys) : frame.footer;
  const room = Math.max(3, view.height - head.length - 1);
  const queues = queueLines(frame, view, room);
  const below = Math.max(0, room - queues.length);
  const rest = overlay === undefined ? [...alertLines(status, view), ...activeLines(frame, view)] : ['', ...wrap(overlay, view.width).split('\n')];
  const shown = rest.slice(0, below);
  if (overlay === undefined) shown.push(...logLines(frame, view, below - shown.length));
  const body = [...head, ...queues, ...shown].slice(0, view.height - 1);
  return [...body, ...Array.from({ length: Math.max(0, view.height - 1 - body.length) }, () => ''), foot].map((line) => (widthOf(line) <= view.width ? line : cutTo(line, view.width)));
}

function headLines({ status, absence }: TopFrame, view: TopView): string[] {
  const { style, width } = view;
  const clock = formatTime(new Date(view.now).toISOString(), view).slice(11);
  if (status === undefined) return [spread(style('bold', 'sluice top'), clock, width), ...wrapped(absence ?? 'Waiting for the daemon.', view)];
  const { project, startedAt, runs, store, machine, problems, daemons } = status;
  const waiting = status.queues.reduce((sum, { depth }) => sum + depth.pending + depth.delayed, 0);
  const parts = [
    style('bold', oneLine(path.basename(project))),
    `up ${formatShortDuration(Math.max(0, view.now - Date.parse(startedAt)))}`,
    say('{count, plural, one {# run} other {# runs}}', { count: runs.running }),
    say('{count, plural, one {# job waits} other {# jobs wait}}', { count: waiting }),
    ...(daemons === undefined ? [] : [say('{count, plural, one {# daemon} other {# daemons}}', { count: daemons.all.filter(({ health }) => health === 'ok' || health === 'late').length })]),
  ];
  const troubles = [
    ...(absence === undefined ? [] : [style('yellow', absence)]),
    ...(store.ok ? [] : [style('red', `✖ The store: ${oneLine(store.problem ?? 'it can not be written')}`)]),
    ...(machine === undefined ? [] : [style('yellow', `⚠ ${oneLine(machine.problem)}`)]),
    ...(problems > 0 ? [style('yellow', `⚠ ${formatCount(problems, 'error')} in files: sluice validate`)] : []),
  ];
  return [spread(parts.join('  '), clock, width), ...troubles.flatMap((text) => wrapped(text, view))];
}

/** The title, and as many rows as leave room for the rest, those around the selected one. */
function queueLines({ status, selected, history }: TopFrame, view: TopView, room: number): string[] {
  const queues = status?.queues ?? [];
  if (queues.length === 0) return status === undefined ? [] : ['There are no queues yet.'];
  const most = Math.max(1, Math.min(queues.length, Math.max(3, Math.floor(room / 2)) - 1));
  const at = Math.max(0, queues.findIndex(({ name }) => name === selected));
  const from = Math.min(Math.max(0, at - Math.floor(most / 2)), queues.length - most);
  const shown = queues.slice(from, from + most);
  const columns = [
    { title: ' ', value: ({ name }: QueueView) => (name === selected ? '>' : ' ') },
    ...queueColumns(view),
    { title: 'LAST 2 MIN', value: ({ name }: QueueView) => sparkline(history.get(name) ?? []), dropOrder: -1 },
  ];
  const hidden = queues.length - most;
  return [...renderTable(shown, columns, view).split('\n'), ...(hidden === 0 ? [] : [view.style('dim', say('{count, plural, one {# more queue} other {# more queues}}', { count: hidden }))])];
}

function alertLines(status: DaemonStatus | undefined, view: TopView): string[] {
  const alerts = (status?.queues ?? []).flatMap(({ name, alerts: crossed, paused }) => [...crossed.map((alert) => renderAlert(name, alert, view)), ...(paused ? [view.style('yellow', `⚠ ${name} is paused.`)] : [])]);
  if (alerts.length === 0) return [];
  const more = alerts.length - maxAlerts;
  return ['', ...alerts.slice(0, maxAlerts).map((alert) => cutTo(alert, view.width)), ...(more > 0 ? [view.style('dim', say('{count, plural, one {# more alert: sluice queues} other {# more alerts: sluice queues}}', { count: more }))] : [])];
}

function activeLines({ active, selected }: TopFrame, { style, now, width }: TopView): string[] {
  if (selected === undefined || active.length === 0) return [];
  const shown = active.slice(0, maxActive).map((job) => {
    const item = job.key === undefined ? '' : `  ${oneLine(job.key)}`;
    return cutTo(`  ${job.id}  ${oneLine(job.workflow)} ${oneLine(job.step)}${item}  attempt ${job.attemptCount}, due ${formatShortDuration(Math.max(0, now - Date.parse(job.dueAt)))} ago`, width);
  });
  return ['', style('dim', cutTo(`ACTIVE IN ${selected}`, width)), ...shown];
}

function logLines({ log }: TopFrame, view: TopView, room: number): string[] {
  if (room < 3 || log.length === 0) return [];
  const lines = log.slice(-(room - 2)).map((line) => cutTo(oneLine(renderLogLine(line, { ...view, style: (_format, text) => text })).replace(/^\d{4}-\d\d-\d\d /, ''), view.width));
  return ['', view.style('dim', 'LOG'), ...lines];
}

const bars = '▁▂▃▄▅▆▇█';

/** Numbers as bars of one line, the greatest as high as the line; a dot where it is 0, or not known, so that what is little isn't taken for nothing. */
export function sparkline(values: readonly number[]): string {
  const shown = values.slice(-historySteps);
  const most = Math.max(...shown, 0);
  return shown.map((value) => (value <= 0 ? '·' : (bars[Math.min(bars.length - 1, Math.ceil((value / most) * bars.length) - 1)] ?? ''))).join('').padStart(historySteps, '·');
}

function spread(left: string, right: string, width: number): string {
  const gap = width - widthOf(left) - widthOf(right);
  return gap < 2 ? cutTo(left, width) : `${left}${' '.repeat(gap)}${right}`;
}

function wrapped(text: string, { width }: TopView): string[] {
  return wrap(text, width, 2).split('\n').slice(0, 3);
}
