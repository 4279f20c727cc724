import { type ChildRunCounts, maxShownWaits, type RunDetail, type RunSummary, type StepView } from '../../../schemas/protocol/run.ts';
import type { RunTrigger, TriggerKind } from '../../../schemas/protocol/trigger.ts';
import { formatDuration, formatShortDuration } from '../../../schemas/wording/amount.ts';
import { childStateMessages } from '../../../schemas/wording/run.ts';
import { foundItemsMessage } from '../../../schemas/wording/found-items.ts';
import { english } from '../../../schemas/wording/language.ts';
import { pagesMessage } from '../../../schemas/wording/page.ts';
import { waitMessage } from '../../../schemas/wording/state.ts';
import type { View } from '../terminal.ts';
import { formatAge, formatJson, formatNumber, formatOfState, formatTime, indent, oneLine, say, textOf } from './format.ts';
import { renderFields, renderTable, type Column } from './table.ts';
import { wrap } from './text-width.ts';

/** `sluice runs`: newest first. */
export function renderRuns(runs: readonly RunSummary[], { more, filtered }: { readonly more: boolean; readonly filtered: boolean }, view: View): string {
  if (runs.length === 0) return filtered ? 'No run is like that. `sluice runs` without conditions lists all.' : 'Nothing has run yet: `sluice run WORKFLOW` starts a run.';
  const table = renderTable(runs, runColumns(runs, view), view);
  return more ? `${table}\n\nThese are the newest ${formatNumber(runs.length)}; --limit shows more.` : table;
}

/** What is under a run, or above it, has a column where there is any. */
function runColumns(runs: readonly RunSummary[], view: View): readonly Column<RunSummary>[] {
  const hasChildren = runs.some(({ children }) => children !== undefined);
  const hasKeys = runs.some(({ trigger }) => trigger.key !== undefined);
  return [
    { title: 'RUN', value: ({ id }) => id },
    { title: 'WORKFLOW', value: ({ workflow }) => workflow, shrinkTo: 10, cut: 'middle' },
    { title: 'STATE', value: stateText, format: ({ state }) => formatOfState(state) },
    ...(hasKeys ? [{ title: 'KEY', value: ({ trigger }: RunSummary) => trigger.key ?? '', shrinkTo: 10 }] : []),
    { title: 'BY', value: ({ trigger }) => trigger.run ?? byText[trigger.kind], dropOrder: 4 },
    { title: 'STARTED', value: ({ createdAt }) => formatAge(createdAt, view) },
    { title: 'TOOK', value: (run) => durationText(run.createdAt, run.endedAt, view), align: 'right', dropOrder: 2 },
    { title: 'JOBS', value: ({ jobs }) => formatNumber(jobs.total), align: 'right' },
    { title: 'OPEN', value: ({ jobs }) => formatNumber(jobs.open), align: 'right', dropOrder: 1, blank: '0' },
    { title: 'DEAD', value: ({ jobs }) => formatNumber(jobs.dead), format: ({ jobs }) => (jobs.dead > 0 ? 'red' : undefined), align: 'right' },
    ...(hasChildren ? [{ title: 'CHILD RUNS', value: ({ children }: RunSummary) => (children === undefined ? '' : childrenText(children)), format: ({ children }: RunSummary) => ((children?.failed ?? 0) > 0 ? ('red' as const) : undefined), shrinkTo: 6 }] : []),
    { title: 'ERROR', value: ({ error }) => error?.message ?? '', shrinkTo: 12, dropOrder: 3, blank: '' },
  ];
}

/** `sluice run-show ID`, and what `sluice run --wait` ends with. */
export function renderRun(run: RunDetail, view: View): string {
  const head = `${view.style('bold', run.id)}  ${view.style(formatOfState(run.state), stateText(run))}`;
  const parts = [head, renderFields(fieldsOf(run, view), view), renderTable(run.steps, stepColumns(view), view), ...answerParts(run, view), ...waitParts(run, view), ...errorParts(run, view), ...noteParts(run, view), ...nextSteps(run)];
  return parts.join('\n\n');
}

function stateText({ state, closing, heldAfter, queued }: Pick<RunSummary, 'state' | 'closing' | 'heldAfter' | 'queued'>): string {
  if (queued === true) return `${state}, waits for other runs`;
  if (heldAfter !== undefined) return `${state}, the rest waits for \`sluice continue\``;
  return closing ? `${state}, on-failure is running` : state;
}

function fieldsOf(run: RunDetail, view: View): readonly (readonly [string, string])[] {
  const { jobs } = run;
  const counts = [
    say('{count, plural, one {# job} other {# jobs}}', { count: jobs.total }),
    ...(['open', 'succeeded', 'dead', 'cancelled', 'discarded'] as const).flatMap((name) => (jobs[name] === 0 ? [] : [`${formatNumber(jobs[name])} ${name}`])),
  ];
  return [
    ['workflow', `${oneLine(run.workflow)}, version ${run.version.slice(0, 12)}`],
    ['started', `${formatTime(run.createdAt, view)} (${formatAge(run.createdAt, view)})${startedBy(run.trigger, view)}`],
    ...(run.endedAt === undefined ? [] : [['took', durationText(run.createdAt, run.endedAt, view)] as const]),
    ['jobs', [...counts, ...(run.duplicates === 0 ? [] : [say('{count, plural, one {# duplicate left out} other {# duplicates left out}}', { count: run.duplicates })])].join(', ')],
    ...(run.children === undefined ? [] : [['child runs', childrenText(run.children)] as const]),
    ...(run.concurrencyKey === undefined ? [] : [['concurrency', concurrencyText(run.concurrencyKey)] as const]),
    ...inputFields(run),
    ...valueFields('vars', run.vars),
    ...valueFields('outputs', run.outputs),
  ];
}

/** `20,000: 3 failed, 12 running` */
function childrenText(children: ChildRunCounts): string {
  return `${formatNumber(children.total)}: ${childStateMessages(children).map(textOf).join(', ')}`;
}

const byText: Readonly<Record<TriggerKind, string>> = { manual: 'hand', schedule: 'schedule', webhook: 'webhook', workflow: 'workflow' };

function startedBy({ kind, scheduledAt, delivery, run, job, key }: RunTrigger, view: View): string {
  switch (kind) {
    case 'manual':
      return '';
    case 'schedule':
      return scheduledAt === undefined ? ', on schedule' : `, on schedule for ${formatTime(scheduledAt, view)}`;
    case 'webhook':
      return `, by the webhook${delivery === undefined ? '' : ` ${delivery}`}`;
    case 'workflow':
      return `, by the run${run === undefined ? '' : ` ${run}`}${job === undefined ? '' : ` (${key === undefined ? job : `${job}, ${oneLine(key)}`})`}`;
  }
}

/** Short inputs are there as they are; of long ones only the size does. */
function inputFields({ inputs, inputBytes }: RunDetail): readonly (readonly [string, string])[] {
  if (inputs === null) return [['inputs', `${formatNumber(inputBytes)} bytes`]];
  const text = oneLine(formatJson(inputs));
  if (text === '{}') return [];
  return [['inputs', text.length <= 100 ? text : `${formatNumber(inputBytes)} bytes; --json has them`]];
}

function concurrencyText(key: string): string {
  return key === '' ? 'with all runs of the workflow' : `with runs of the key ${oneLine(key)}`;
}

/** What doesn't fit a line is left to `--json`. */
function valueFields(name: string, value: unknown): readonly (readonly [string, string])[] {
  if (value === undefined) return [];
  const text = value === null ? undefined : oneLine(formatJson(value));
  if (text === '{}') return [];
  return [[name, text === undefined || text.length > 100 ? '--json has them' : text]];
}

function stepColumns(view: View): readonly Column<StepView>[] {
  return [
    { title: 'STEP', value: ({ id, onFailure }) => (onFailure ? `on-failure ${id}` : id), shrinkTo: 8 },
    { title: 'STATE', value: ({ state }) => state, format: ({ state }) => formatOfState(state) },
    { title: 'QUEUE', value: ({ queue }) => queue, shrinkTo: 8, dropOrder: 1 },
    { title: 'JOBS', value: ({ jobs, expanded, foreach, pages }) => `${formatNumber(jobs.total)}${(foreach || pages !== undefined) && !expanded ? '+' : ''}`, align: 'right' },
    { title: 'OPEN', value: ({ jobs }) => formatNumber(jobs.open), align: 'right' },
    { title: 'SUCCEEDED', value: ({ jobs }) => formatNumber(jobs.succeeded), align: 'right' },
    { title: 'DEAD', value: ({ jobs }) => formatNumber(jobs.dead), format: ({ jobs }) => (jobs.dead > 0 ? 'red' : undefined), align: 'right' },
    { title: 'TOOK', value: ({ startedAt, endedAt }) => (startedAt === undefined ? '-' : durationText(startedAt, endedAt, view)), align: 'right', dropOrder: 2 },
  ];
}

function durationText(start: string, end: string | undefined, { now }: View): string {
  const ms = (end === undefined ? now : Date.parse(end)) - Date.parse(start);
  return `${formatDuration(Math.max(0, ms))}${end === undefined ? '…' : ''}`;
}

function answerParts({ answers = [] }: RunDetail, view: View): string[] {
  const lines = answers.map(({ signal, by, at }) => `${oneLine(signal)}: by ${oneLine(by)}, ${formatTime(at, view)} (${formatAge(at, view)})`);
  return lines.length === 0 ? [] : [wrap(`Answers\n${indent(lines.join('\n'))}`, view.width, 2)];
}

/** Of the runs that a run waits for: they are counted and listed apart. */
const shownRunWaits = 3;

/** What its jobs wait for that have left their queues. */
function waitParts({ waits, children }: RunDetail, view: View): string[] {
  if (waits === undefined) return [];
  const runs = waits.filter(({ kind }) => kind === 'run');
  const shownRuns = runs.slice(0, shownRunWaits);
  const hidden = (waits.length < maxShownWaits ? runs.length : Math.max(runs.length, children?.running ?? 0)) - shownRuns.length;
  const lines = [...waits.filter(({ kind }) => kind !== 'run'), ...shownRuns].map(({ step, job, until, ...wait }) => `${step} (${job}) ${english.textOf(waitMessage(wait))}${until === undefined ? '' : `, until ${formatTime(until, view)} (${formatAge(until, view)})`}`);
  if (hidden > 0) lines.push(say('{count, plural, one {and # more run} other {and # more runs}}', { count: hidden }));
  return [wrap(`Waits\n${indent(lines.join('\n'))}`, view.width, 2)];
}

function errorParts({ error, steps }: RunDetail, { width }: View): string[] {
  const lines = steps.flatMap((step) => (step.error === undefined ? [] : [`${step.id}: ${oneLine(step.error.message)}`]));
  if (lines.length === 0 && error !== undefined) lines.push(`${error.step === undefined ? '' : `${error.step}: `}${oneLine(error.message)}`);
  return lines.length === 0 ? [] : [wrap(`Error\n${indent(lines.join('\n'))}`, width, 2)];
}

/** What the table has no column for, and what a run that looks good may hide. */
function noteParts({ id, steps }: RunDetail, { width }: View): string[] {
  const lines = steps.flatMap((step) => [
    ...(step.found === undefined ? [] : [say('{step}: {file}, {found}.', { step: step.id, file: oneLine(step.file ?? ''), found: english.textOf(foundItemsMessage(step.found)) })]),
    ...(step.pages === undefined || step.state === 'waiting' ? [] : [`${step.id}: ${textOf(pagesMessage(step.pages))}.`]),
    ...(step.duplicates === 0 ? [] : [duplicatesText(step)]),
    ...(step.warnings === 0 ? [] : [warningsText(id, step)]),
  ]);
  return lines.length === 0 ? [] : [wrap(`Notes\n${indent(lines.join('\n'))}`, width, 2)];
}

function duplicatesText({ id, duplicates }: StepView): string {
  return say(
    '{count, plural, one {{step}: # item was left out, because an earlier item has the same key. Is `foreach.key` different for each item?} other {{step}: # items were left out, because an earlier item has the same key. Is `foreach.key` different for each item?}}',
    { count: duplicates, step: id },
  );
}

function warningsText(run: string, { id, warnings }: StepView): string {
  const list = `sluice jobs --run ${run} --where 'warning != ""'`;
  return say('{count, plural, one {{step}: # job succeeded with a warning; `{list}` lists it.} other {{step}: # jobs succeeded with a warning; `{list}` lists them.}}', { count: warnings, step: id, list });
}

function nextSteps({ id, state, jobs, children, waits = [] }: RunDetail): string[] {
  const steps: string[] = [];
  for (const { signal } of waits.slice(0, 3)) if (signal !== undefined) steps.push(`  sluice signal ${id} ${signal}  answer it`);
  if (children !== undefined) steps.push(children.failed > 0 ? `  sluice runs --parent ${id} --state failed  which child runs failed; replay their dead letters, and this run continues` : `  sluice runs --parent ${id}          its child runs`);
  if (jobs.dead > 0) {
    const failedChildren = children !== undefined && children.failed > 0;
    steps.push(`  sluice dead list --run ${id}          what died, and of what`, `  sluice dead replay --all --run ${id}  try it again once the cause is gone${failedChildren ? '; this starts other child runs' : ''}`);
  }
  if (state === 'running') steps.push(`  sluice jobs --run ${id}               its jobs`, `  sluice cancel ${id}                   stop it`);
  return steps.length === 0 ? [] : [`What to do next\n${steps.join('\n')}`];
}

/** How far a run is, at one moment. */
export interface ProgressSample {
  readonly atMs: number;
  readonly total: number;
  readonly done: number;
  readonly dead: number;
  /** Steps are still to come or to be expanded, so `total` will grow. */
  readonly growing: boolean;
}

export function progressOf(run: RunDetail, atMs: number): ProgressSample {
  const { total, open, dead } = run.jobs;
  const growing = run.steps.some(({ state, expanded, onFailure }) => !onFailure && (state === 'waiting' || (state === 'running' && !expanded)));
  return { atMs, total, done: total - open, dead, growing };
}

/** The speed is that of the last while, so that a queue that was resumed shows immediately. */
const windowMs = 30_000;

/** Jobs ended per second over the samples of the last half minute; undefined as long as that says nothing. */
export function speedOf(samples: readonly ProgressSample[]): number | undefined {
  const last = samples.at(-1);
  const first = samples.find(({ atMs }) => last !== undefined && atMs >= last.atMs - windowMs);
  if (last === undefined || first === undefined || last.atMs - first.atMs < 1000) return undefined;
  return (last.done - first.done) / ((last.atMs - first.atMs) / 1000);
}

/** `1,200/5,000+ jobs, 16/s, 3 dead, 4m left` */
export function renderProgress(samples: readonly ProgressSample[]): string {
  const last = samples.at(-1);
  if (last === undefined) return '';
  const parts = [`${formatNumber(last.done)}/${formatNumber(last.total)}${last.growing ? '+' : ''} jobs`];
  const speed = speedOf(samples);
  if (speed !== undefined && speed > 0) parts.push(speed >= 1 ? `${formatNumber(Math.round(speed))}/s` : `${formatNumber(Math.round(speed * 60))}/min`);
  if (last.dead > 0) parts.push(`${formatNumber(last.dead)} dead`);
  const left = last.total - last.done;
  if (speed !== undefined && speed > 0 && left > 0) parts.push(`${formatShortDuration((left / speed) * 1000)} left`);
  return parts.join(', ');
}
