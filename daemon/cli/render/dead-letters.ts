import type { DeadGroup, JobSummary } from '../../../schemas/protocol/job.ts';
import type { Result } from '../../../schemas/protocol/method.ts';
import type { View } from '../terminal.ts';
import { formatAge, formatNumber, oneLine } from './format.ts';
import { moreLine, placeText } from './jobs.ts';
import { renderTable, type Column } from './table.ts';

/** Groups that `sluice dead` counts; `sluice dead groups` has all. */
const shownGroups = 5;

export interface DeadLettersShown {
  readonly more: boolean;
  readonly filtered: boolean;
  /** By what they failed with; left out where conditions narrow the list. */
  readonly groups?: Result<'dead/groups'>;
}

/** `sluice dead`: the one that died last first, by what they failed with, then what can be done about them. */
export function renderDeadLetters(jobs: readonly JobSummary[], { more, filtered, groups }: DeadLettersShown, view: View): string {
  if (jobs.length === 0) return filtered ? 'No dead letter is like that. `sluice dead list` without conditions lists all.' : 'There are no dead letters: nothing needs you here.';
  const first = jobs[0]?.id ?? 'ID';
  const edited = jobs.find(({ draft }) => draft !== undefined);
  return [
    renderTable(jobs, deadColumns(view, edited !== undefined), view),
    ...moreLine(jobs.length, more),
    ...(groups === undefined || groups.groups.length < 2 ? [] : ['', renderGroupLines(groups, view)]),
    '',
    ...(edited === undefined ? [] : [`Edited:       a replay sends the saved edit; sluice job ${edited.id} shows it, --original leaves it out`]),
    `Look at one:  sluice job ${first}`,
    `Try again:    sluice dead replay ${first}   (--edit FILE changes its payload, --all takes all)`,
    `Give up:      sluice dead discard ${first}`,
  ].join('\n');
}

/** `sluice dead groups`. */
export function renderDeadGroups(groups: readonly DeadGroup[], others: number, view: View): string {
  if (groups.length === 0) return 'There are no dead letters: nothing needs you here.';
  const columns: readonly Column<DeadGroup>[] = [
    { title: 'COUNT', value: ({ count }) => formatNumber(count), align: 'right' },
    ...(groups.some(({ edited }) => edited !== undefined) ? [{ title: 'EDITED', value: ({ edited }: DeadGroup) => (edited === undefined ? '' : formatNumber(edited)), align: 'right' as const, blank: '' }] : []),
    { title: 'QUEUE', value: ({ queue }) => queue, shrinkTo: 8, cut: 'middle' },
    { title: 'NEWEST', value: ({ newestAt }) => formatAge(newestAt, view), dropOrder: 1 },
    { title: 'GROUP', value: ({ group }) => oneLine(group), format: () => 'red', shrinkTo: 24 },
  ];
  return [
    renderTable(groups, columns, view),
    ...(others === 0 ? [] : ['', `And ${formatNumber(others)} of other groups; --limit shows more.`]),
    '',
    "Of one group: sluice dead --group 'GROUP', and replay, discard and export take it as well.",
  ].join('\n');
}

function renderGroupLines({ groups, others }: Result<'dead/groups'>, view: View): string {
  const largest = groups.toSorted((one, other) => other.count - one.count);
  const rest = largest.slice(shownGroups).reduce((sum, { count }) => sum + count, others);
  const columns: readonly Column<DeadGroup>[] = [
    { title: 'COUNT', value: ({ count }) => formatNumber(count), align: 'right' },
    { title: 'QUEUE', value: ({ queue }) => queue, shrinkTo: 8, cut: 'middle' },
    { title: 'WHAT FAILED', value: ({ title, edited }) => `${oneLine(title)}${edited === undefined ? '' : ` (${formatNumber(edited)} edited)`}`, shrinkTo: 24 },
  ];
  return [renderTable(largest.slice(0, shownGroups), columns, view), ...(rest === 0 ? [] : [`and ${formatNumber(rest)} of others: sluice dead groups`])].join('\n');
}

function deadColumns(view: View, hasEdits: boolean): readonly Column<JobSummary>[] {
  return [
    { title: 'JOB', value: ({ id }) => id },
    { title: 'QUEUE', value: ({ queue }) => queue, shrinkTo: 8, cut: 'middle' },
    { title: 'RUN', value: ({ run }) => run },
    { title: 'STEP', value: ({ step }) => step, shrinkTo: 8 },
    { title: 'KEY', value: (job) => placeText(job), shrinkTo: 14, dropOrder: 1, blank: '-' },
    { title: 'TRIES', value: ({ attemptCount }) => formatNumber(attemptCount), align: 'right', dropOrder: 2 },
    { title: 'DIED', value: ({ endedAt }) => (endedAt === undefined ? '-' : formatAge(endedAt, view)) },
    ...(hasEdits ? [{ title: 'EDITED', value: ({ draft }: JobSummary) => (draft === undefined ? '-' : formatAge(draft.savedAt, view)) }] : []),
    { title: 'ERROR', value: ({ error }) => error?.cause ?? '', format: () => 'red', shrinkTo: 12 },
  ];
}
