import * as l10n from '@vscode/l10n';
import type { AttemptView, JobSummary } from '../../schemas/protocol/job.ts';
import { formatDuration } from '../../schemas/wording/amount.ts';
import { oneLine } from './outside-text.ts';
import { type TellTime, formatAge, formatDue, formatNumber, say } from './language.ts';
import { lookOfState } from './state-look.ts';

/** What a person knows a job by: its item's key where it has one. */
export function jobName({ id, key }: JobSummary): string {
  return key === undefined ? id : oneLine(key, 80);
}

/** What stands beside a job's name; `shown` leaves out what the rows above it tell already. */
export function jobDescription(job: JobSummary, nowMs: number, shown: { readonly state?: boolean; readonly cause?: boolean } = {}): string {
  const parts: string[] = [];
  // First, because a narrow side bar cuts the rest.
  if (job.draft !== undefined && job.state === 'dead') parts.push(l10n.t('edited, not sent'));
  if (job.key !== undefined) parts.push(job.id);
  if (shown.state !== false && job.state !== 'succeeded') parts.push(lookOfState(job.state).word.toLowerCase());
  parts.push(`${job.workflow}/${job.step}`);
  if (shown.cause !== false && job.error !== undefined && job.state !== 'succeeded') parts.push(oneLine(job.error.cause, 60));
  if (job.warning !== undefined) parts.push(oneLine(job.warning, 60));
  if (job.replays !== undefined) parts.push(l10n.t('replayed ×{0}', formatNumber(job.replays)));
  if (job.attemptCount > 1) parts.push(say('{count, plural, one {# attempt} other {# attempts}}', { count: job.attemptCount }));
  parts.push(job.state === 'delayed' ? formatDue(job.dueAt, nowMs) : formatAge(job.endedAt ?? job.createdAt, nowMs));
  return parts.join(' · ');
}

export function jobLabel(job: JobSummary, nowMs: number): string {
  const name = job.key === undefined ? l10n.t('job {0}', job.id) : l10n.t('job {0}, {1}', job.id, oneLine(job.key, 80));
  return [name, lookOfState(job.state).word, ...(job.error === undefined ? [] : [oneLine(job.error.cause)]), ...(job.warning === undefined ? [] : [oneLine(job.warning)]), ...(job.draft === undefined ? [] : [l10n.t('edited, not sent')]), ...(job.replays === undefined ? [] : [replayedText(job.replays)]), formatAge(job.endedAt ?? job.createdAt, nowMs)].join(', ');
}

function replayedText(replays: number): string {
  return say('{count, plural, =1 {replayed once} other {replayed # times}}', { count: replays });
}

/** `3 edited, not sent`, of dead letters with a saved edit. */
export function editedNotSentText(count: number): string {
  return l10n.t('{0} edited, not sent', formatNumber(count));
}

/** `3 edited`, of a group; nothing where none is. */
export function editedParts(count: number | undefined): string[] {
  return count === undefined || count === 0 ? [] : [l10n.t('{0} edited', formatNumber(count))];
}

/** `at` writes times: as ages in what is drawn again and again, else as they are. */
export function jobFacts(job: JobSummary, at: TellTime): readonly (readonly [name: string, value: string])[] {
  const facts: (readonly [string, string])[] = [
    [l10n.t('Job'), job.id],
    [l10n.t('State'), lookOfState(job.state).word],
    [l10n.t('Run'), `${job.run}, ${job.workflow}/${job.step}`],
    [l10n.t('Queue'), l10n.t('{0}, priority {1}', job.queue, job.priority)],
    [l10n.t('Does'), job.uses],
  ];
  if (job.key !== undefined) facts.push([l10n.t('Item'), oneLine(job.key)]);
  facts.push([l10n.t('Attempts'), formatNumber(job.attemptCount)]);
  if (job.replays !== undefined) facts.push([l10n.t('Replayed'), say('{count, plural, =1 {once} other {# times}}', { count: job.replays })]);
  if (job.state === 'delayed') facts.push([l10n.t('Next attempt'), at(job.dueAt, true)]);
  if (job.endedAt !== undefined) facts.push([l10n.t('Ended'), at(job.endedAt)]);
  if (job.warning !== undefined) facts.push([l10n.t('Warning'), oneLine(job.warning)]);
  if (job.draft !== undefined) {
    const age = at(job.draft.savedAt);
    facts.push([l10n.t('Edit'), job.draft.savedBy === undefined ? l10n.t('saved {0}, not sent yet', age) : l10n.t('saved {0} by {1}, not sent yet', age, oneLine(job.draft.savedBy))]);
  }
  if (job.discardReason !== undefined) facts.push([l10n.t('Reason'), oneLine(job.discardReason)]);
  if (job.error !== undefined) facts.push([l10n.t('Error'), oneLine(job.error.message)]);
  return facts;
}

/** `failed · 503 Service Unavailable · 1.5s` */
export function attemptDescription(attempt: AttemptView): string {
  const parts = [lookOfState(attempt.state).word.toLowerCase()];
  if (attempt.error !== undefined) parts.push(oneLine(attempt.error.cause, 60));
  if (attempt.durationMs !== undefined) parts.push(formatDuration(attempt.durationMs));
  return parts.join(' · ');
}
