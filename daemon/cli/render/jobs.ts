import type { JobSummary } from '../../../schemas/protocol/job.ts';
import type { View } from '../terminal.ts';
import { formatAge, formatNumber, say } from './format.ts';
import { formatOfState } from './state-format.ts';
import { renderTable, type Column } from './table.ts';

/** `sluice jobs`: newest first. */
export function renderJobs(jobs: readonly JobSummary[], { more, filtered }: { readonly more: boolean; readonly filtered: boolean }, view: View): string {
  if (jobs.length === 0) {
    return filtered ? 'No job is like that. `sluice jobs` without conditions lists all.' : 'There are no jobs yet: `sluice run WORKFLOW` starts a run, which makes some.';
  }
  return [renderTable(jobs, jobColumns(view), view), ...moreLine(jobs.length, more)].join('\n');
}

export function moreLine(shown: number, more: boolean): string[] {
  return more ? ['', `These are the first ${formatNumber(shown)}; --limit shows more.`] : [];
}

function jobColumns(view: View): readonly Column<JobSummary>[] {
  return [
    { title: 'JOB', value: ({ id }) => id },
    { title: 'STATE', value: ({ state }) => state, format: ({ state }) => formatOfState(state) },
    { title: 'QUEUE', value: ({ queue }) => queue, shrinkTo: 8, cut: 'middle' },
    { title: 'RUN', value: ({ run }) => run, dropOrder: 1 },
    { title: 'STEP', value: ({ step }) => step, shrinkTo: 8 },
    { title: 'KEY', value: ({ key, index }) => key ?? (index === undefined ? '-' : `#${index}`), shrinkTo: 14, dropOrder: 2, blank: '-' },
    { title: 'TRIES', value: ({ attemptCount }) => formatNumber(attemptCount), align: 'right' },
    { title: 'WHEN', value: (job) => whenOf(job, view), dropOrder: 3 },
    { title: 'ERROR', value: ({ error }) => error?.cause ?? '', format: () => 'red', shrinkTo: 12, blank: '' },
  ];
}

/** The time that matters in its state: the end, the time it is due, or how long it waits. */
function whenOf(job: JobSummary, view: View): string {
  if (job.endedAt !== undefined) return formatAge(job.endedAt, view);
  return job.state === 'delayed' ? `due ${formatAge(job.dueAt, view)}` : formatAge(job.createdAt, view);
}

export function renderDiscarded(discarded: number): string {
  return discarded === 0 ? 'There was nothing to discard.' : say('{count, plural, one {# dead letter discarded.} other {# dead letters discarded.}}', { count: discarded });
}

/** What `sluice dead replay --from` answers with. */
export interface EditsReplayed {
  /** Dead letters whose payload was edited. */
  readonly selected: number;
  readonly unchanged: number;
  readonly replayed: number;
  readonly ids: readonly string[];
  /** Were no dead letters any more when it came to them. */
  readonly skipped: readonly string[];
}

export function renderEditsPlanned({ selected, unchanged }: EditsReplayed): string {
  if (selected === 0) return unchanged === 0 ? 'There is nothing in it to replay.' : 'Every payload is as its job has it: there is nothing to replay.';
  const edited = say('{count, plural, one {# payload was edited.} other {# payloads were edited.}}', { count: selected });
  const others = say('{count, plural, one {# other is as its job has it, and is left alone.} other {# others are as their jobs have them, and are left alone.}}', { count: unchanged });
  return unchanged === 0 ? edited : `${edited} ${others}`;
}

export function renderEditsReplayed({ selected, replayed, skipped }: EditsReplayed): string {
  const rest = skipped.length === 0 ? '' : `\nNo dead letters any more, and left alone: ${skipped.join(', ')}.`;
  const done = say('{selected, plural, one {{replayed} of # edited dead letter went back to its queue.} other {{replayed} of # edited dead letters went back to their queues.}}', { selected, replayed });
  return `${done}${rest}`;
}
