import type { AttemptView, JobDetail, JobSummary } from '../../../schemas/protocol/job.ts';
import { formatDuration } from '../../../schemas/wording/amount.ts';
import { english } from '../../../schemas/wording/language.ts';
import { pageMessage } from '../../../schemas/wording/page.ts';
import { lackMessage } from '../../../schemas/wording/queue.ts';
import { waitMessage } from '../../../schemas/wording/state.ts';
import type { View } from '../terminal.ts';
import { formatAge, formatJson, formatNumber, formatOfState, formatTime, indent, oneLine, printable, textOf } from './format.ts';
import { renderFields, renderTable, type Column } from './table.ts';
import { wrap } from './text-width.ts';

/** `sluice jobs`: newest first. */
export function renderJobs(jobs: readonly JobSummary[], { more, filtered }: { readonly more: boolean; readonly filtered: boolean }, view: View): string {
  if (jobs.length === 0) {
    return filtered ? 'No job is like that. `sluice jobs` without conditions lists all.' : 'There are no jobs yet: `sluice run WORKFLOW` starts a run, which makes some.';
  }
  return [renderTable(jobs, jobColumns(view, jobs.some(({ daemon }) => daemon !== undefined)), view), ...moreLine(jobs.length, more)].join('\n');
}

export function moreLine(shown: number, more: boolean): string[] {
  return more ? ['', `These are the first ${formatNumber(shown)}; --limit shows more.`] : [];
}

function jobColumns(view: View, hasDaemons = false): readonly Column<JobSummary>[] {
  return [
    { title: 'JOB', value: ({ id }) => id },
    { title: 'STATE', value: ({ state }) => state, format: ({ state }) => formatOfState(state) },
    { title: 'QUEUE', value: ({ queue }) => queue, shrinkTo: 8, cut: 'middle' },
    { title: 'RUN', value: ({ run }) => run, dropOrder: 1 },
    { title: 'STEP', value: ({ step }) => step, shrinkTo: 8 },
    { title: 'KEY', value: (job) => placeText(job), shrinkTo: 14, dropOrder: 2, blank: '-' },
    { title: 'TRIES', value: ({ attemptCount }) => formatNumber(attemptCount), align: 'right' },
    ...(hasDaemons ? [{ title: 'DAEMON', value: ({ daemon }: JobSummary) => daemon ?? '-', shrinkTo: 12, cut: 'middle' as const, dropOrder: 4 }] : []),
    { title: 'WHEN', value: (job) => whenOf(job, view), dropOrder: 3 },
    { title: 'ERROR', value: ({ error, waitsFor }) => (waitsFor === undefined ? (error?.cause ?? '') : english.textOf(waitMessage(waitsFor))), format: ({ waitsFor }) => (waitsFor === undefined ? 'red' : undefined), shrinkTo: 12, blank: '' },
  ];
}

/** What tells a job from the others of its step. */
export function placeText({ key, index, page }: Pick<JobSummary, 'key' | 'index' | 'page'>): string {
  if (page !== undefined) return textOf(pageMessage(page));
  return key ?? (index === undefined ? '-' : `#${index}`);
}

/** The time that matters in its state: the end, the time it is due, or how long it waits. */
function whenOf(job: JobSummary, view: View): string {
  if (job.endedAt !== undefined) return formatAge(job.endedAt, view);
  if (job.waitsFor !== undefined) return job.waitsFor.until === undefined ? '-' : `until ${formatAge(job.waitsFor.until, view)}`;
  return job.state === 'delayed' ? `due ${formatAge(job.dueAt, view)}` : formatAge(job.createdAt, view);
}

/** In characters. */
const longestValue = 4_000;
const longestAnswer = 500;

/** `sluice job ID`: all there is about one, ending with what to do next. */
export function renderJob(job: JobDetail, view: View): string {
  const edit = job.revisions.find(({ draft }) => draft === true);
  const revision = job.revisions.findLast(({ draft }) => draft !== true)?.revision ?? 1;
  const parts = [
    `${view.style('bold', job.id)}  ${view.style(formatOfState(job.state), job.state)}`,
    renderFields(fieldsOf(job, view), view),
    section('Payload', job.payload, revision > 1 ? ` (revision ${revision})` : ''),
    ...(edit === undefined ? [] : [section('Saved edit', edit.payload, ` (revision ${edit.revision}, saved ${formatAge(edit.createdAt, view)}${job.draft?.savedBy === undefined ? '' : ` by ${oneLine(job.draft.savedBy)}`}, not sent yet)`)]),
    ...(job.output === undefined ? [] : [section('Output', job.output)]),
    job.attempts.length === 0 ? 'No attempt has been made yet.' : `Attempts\n${indent(renderTable(job.attempts, attemptColumns(view), narrower(view)))}`,
    ...(job.warning === undefined ? [] : [wrap(`Warning\n${indent(printable(job.warning))}`, view.width)]),
    ...(job.error === undefined ? [] : [wrap(`Error\n${indent([printable(job.error.message), ...answerOf(job)].join('\n'))}`, view.width)]),
    ...nextSteps(job).map((text) => wrap(text, view.width, 4)),
  ];
  return parts.join('\n\n');
}

function fieldsOf(job: JobDetail, view: View): readonly (readonly [string, string])[] {
  return [
    ['run', `${job.run} of ${oneLine(job.workflow)}`],
    ['step', `${job.step} (${job.uses})`],
    ...(job.key === undefined ? [] : [['key', oneLine(job.key)] as const]),
    ...(job.page === undefined ? [] : [['page', formatNumber(job.page)] as const]),
    ['queue', `${job.queue}, priority ${job.priority}`],
    ...(job.daemon === undefined ? [] : [['daemon', oneLine(job.daemon)] as const]),
    ['created', `${formatTime(job.createdAt, view)} (${formatAge(job.createdAt, view)})`],
    ...waitFields(job, view),
    ...(job.state === 'delayed' && job.waitsFor === undefined ? [['due', `${formatTime(job.dueAt, view)} (${formatAge(job.dueAt, view)})`] as const] : []),
    ...(job.endedAt === undefined ? [] : [['ended', `${formatTime(job.endedAt, view)} (${formatAge(job.endedAt, view)})`] as const]),
    ...(job.discardReason === undefined ? [] : [['reason', oneLine(job.discardReason)] as const]),
    ['idempotency key', oneLine(job.idempotencyKey)],
  ];
}

function waitFields({ waitsFor }: JobDetail, view: View): readonly (readonly [string, string])[] {
  if (waitsFor === undefined) return [];
  const { until } = waitsFor;
  return [['waits', `${english.textOf(waitMessage(waitsFor)).replace(/^waits /, '')}${until === undefined ? '' : `, until ${formatTime(until, view)} (${formatAge(until, view)})`}`]];
}

/** What the other side said to the last attempt: the cause is mostly there, and not in the status. */
function answerOf({ attempts }: JobDetail): string[] {
  const response: unknown = attempts.at(-1)?.response;
  if (typeof response !== 'object' || response === null || !('body' in response) || typeof response.body !== 'string') return [];
  const said = oneLine(response.body);
  return [`It said: ${said.length > longestAnswer ? `${said.slice(0, longestAnswer)}…` : said}`];
}

function attemptColumns(view: View): readonly Column<AttemptView>[] {
  return [
    { title: '#', value: ({ number }) => formatNumber(number), align: 'right' },
    { title: 'ROUND', value: ({ round }) => formatNumber(round), align: 'right', dropOrder: 2 },
    { title: 'STATE', value: ({ state }) => state, format: ({ state }) => formatOfState(state) },
    { title: 'STARTED', value: ({ startedAt }) => formatTime(startedAt, view) },
    { title: 'TOOK', value: ({ durationMs }) => (durationMs === undefined ? '-' : formatDuration(durationMs)), align: 'right', dropOrder: 1 },
    { title: 'ERROR', value: ({ error }) => error?.message ?? '', shrinkTo: 12 },
  ];
}

function narrower(view: View): View {
  return { ...view, width: view.width === undefined ? undefined : view.width - 2 };
}

function section(title: string, value: unknown, note = ''): string {
  const text = formatJson(value);
  const isCut = text.length > longestValue;
  const shown = isCut ? `${text.slice(0, longestValue)}\n… (${formatNumber(text.length)} characters; --json has all of it)` : text;
  return `${title}${note}\n${indent(shown)}`;
}

function nextSteps({ id, state, queue, error, draft, run, waitsFor, lack }: JobDetail): string[] {
  switch (waitsFor?.kind) {
    case 'signal':
      return [`It waits for an answer: \`sluice signal ${run} ${waitsFor.signal ?? ''}\` gives it, \`sluice cancel ${id}\` ends the wait.`];
    case 'run':
      return [`It waits for another run: \`sluice run-show ${waitsFor.run ?? ''}\` shows it. \`sluice cancel ${id}\` cancels both.`];
    case 'time':
      return [`It waits for a time: \`sluice retry ${id}\` lets it go on now, \`sluice cancel ${id}\` ends the wait.`];
    case undefined:
      break;
  }
  switch (state) {
    case 'dead':
      if (draft !== undefined) {
        return [
          [
            'What to do next',
            `  sluice dead replay ${id}             sends the saved edit`,
            `  sluice dead replay ${id} --original  sends the payload as it was`,
            `  sluice dead drop-edit ${id}          drops the edit`,
            `  sluice dead discard ${id}            gives it up`,
          ].join('\n'),
        ];
      }
      if (error?.kind === 'run') {
        return [
          [
            'What to do next',
            `  sluice runs --parent ${run} --state failed  shows the child run: replay its dead letters, and this job continues`,
            `  sluice dead replay ${id}               starts another child run`,
            `  sluice dead discard ${id}              gives it up`,
          ].join('\n'),
        ];
      }
      return [
        [
          'What to do next',
          `  sluice dead replay ${id}                      once the cause (${oneLine(error?.cause ?? 'see above')}) is gone`,
          `  sluice dead replay ${id} --edit payload.json  with another payload`,
          `  sluice dead discard ${id}                     to give it up`,
        ].join('\n'),
      ];
    case 'pending':
    case 'delayed':
      if (lack !== undefined) return [`It waits in ${queue}, since this daemon can't start it. ${english.textOf(lackMessage(lack))}`];
      return [`It waits in ${queue}: \`sluice queues\` shows the queue, \`sluice cancel ${id}\` takes the job out.`];
    case 'active':
      return [`It is being tried just now; \`sluice cancel ${id}\` stops it.`];
    case 'succeeded':
    case 'cancelled':
    case 'discarded':
      return [];
  }
}
