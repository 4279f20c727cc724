import type { AttemptView, JobSummary } from '../../schemas/protocol/job.ts';
import type { ReplayTally } from '../../schemas/protocol/bulk.ts';
import { formatDuration } from '../../schemas/wording/amount.ts';
import { pageMessage } from '../../schemas/wording/page.ts';
import { newestFailureMessage, takenBackOf, tallyMessages } from '../../schemas/wording/replay.ts';
import { waitMessage } from '../../schemas/wording/state.ts';
import { formatAge, formatDue, formatMoment, formatNumber, say, type TellTime, textOf, toldText } from './language.ts';
import { oneLine } from './outside-text.ts';
import { stateText, stateTitle } from './state-look.ts';

/** What a person knows a job by: its item's key, or its page, where it has one. */
export function jobName(job: JobSummary): string {
  return placeText(job) ?? job.id;
}

/** What tells it from the other jobs of its step, where something does. */
function placeText({ key, page }: JobSummary): string | undefined {
  if (page !== undefined) return textOf(pageMessage(page));
  return key === undefined ? undefined : oneLine(key, 80);
}

/** What is beside a job's name; `shown` leaves out what the rows above it tell already. */
export function jobDescription(job: JobSummary, nowMs: number, shown: { readonly state?: boolean; readonly cause?: boolean } = {}): string {
  const parts: string[] = [];
  // First, because a narrow side bar cuts the rest.
  if (job.draft !== undefined && job.state === 'dead') parts.push(say('edited, not sent'));
  if (placeText(job) !== undefined) parts.push(job.id);
  if (shown.state !== false && job.state !== 'succeeded') parts.push(stateText(job.state));
  parts.push(`${job.workflow}/${job.step}`);
  if (shown.cause !== false && job.error !== undefined && job.state !== 'succeeded') parts.push(oneLine(job.error.cause, 60));
  if (job.warning !== undefined) parts.push(oneLine(job.warning, 60));
  if (job.replays !== undefined) parts.push(say('replayed ×{replays}', { replays: job.replays }));
  if (job.attemptCount > 1) parts.push(say('{count, plural, one {# attempt} other {# attempts}}', { count: job.attemptCount }));
  if (job.waitsFor !== undefined) parts.push(textOf(waitMessage(job.waitsFor)));
  const dueAt = job.waitsFor === undefined ? job.dueAt : job.waitsFor.until;
  parts.push(job.state === 'delayed' && dueAt !== undefined ? formatDue(dueAt, nowMs) : formatAge(job.endedAt ?? job.createdAt, nowMs));
  return parts.join(' · ');
}

export function jobLabel(job: JobSummary, nowMs: number): string {
  const place = placeText(job);
  const name = place === undefined ? say('job {job}', { job: job.id }) : say('job {job}, {key}', { job: job.id, key: place });
  return [name, stateText(job.state), ...(job.error === undefined ? [] : [oneLine(job.error.cause)]), ...(job.warning === undefined ? [] : [oneLine(job.warning)]), ...(job.draft === undefined ? [] : [say('edited, not sent')]), ...(job.replays === undefined ? [] : [replayedText(job.replays)]), formatAge(job.endedAt ?? job.createdAt, nowMs)].join(', ');
}

function replayedText(replays: number): string {
  return say('{count, plural, =1 {replayed once} other {replayed # times}}', { count: replays });
}

/** `3 edited, not sent`, of dead letters with a saved edit. */
export function editedNotSentText(count: number): string {
  return say('{count} edited, not sent', { count });
}

/** `3 edited`, of a group; nothing if none is. */
export function editedParts(count: number | undefined): string[] {
  return count === undefined || count === 0 ? [] : [say('{count} edited', { count })];
}

/** `at` writes times: as ages in what is drawn again and again, else as they are. */
export function jobFacts(job: JobSummary, at: TellTime): readonly (readonly [name: string, value: string])[] {
  const facts: (readonly [string, string])[] = [
    [say('Job'), job.id],
    [say('State'), stateTitle(job.state)],
    [say('Run'), `${job.run}, ${job.workflow}/${job.step}`],
    [say('Queue'), say('{queue}, priority {priority}', { queue: job.queue, priority: job.priority })],
    [say('Does'), job.uses],
  ];
  if (job.daemon !== undefined) facts.push([say('Daemon'), oneLine(job.daemon)]);
  if (job.key !== undefined) facts.push([say('Item'), oneLine(job.key)]);
  if (job.page !== undefined) facts.push([say('Page'), formatNumber(job.page)]);
  facts.push([say('Attempts'), formatNumber(job.attemptCount)]);
  if (job.replays !== undefined) facts.push([say('Replayed'), say('{count, plural, =1 {once} other {# times}}', { count: job.replays })]);
  if (job.waitsFor !== undefined) {
    facts.push([say('Waits'), textOf(waitMessage(job.waitsFor))]);
    if (job.waitsFor.until !== undefined) facts.push([say('Until'), at(job.waitsFor.until, true)]);
  } else if (job.state === 'delayed') facts.push([say('Next attempt'), at(job.dueAt, true)]);
  if (job.endedAt !== undefined) facts.push([say('Ended'), at(job.endedAt)]);
  if (job.warning !== undefined) facts.push([say('Warning'), oneLine(job.warning)]);
  if (job.draft !== undefined) {
    const age = at(job.draft.savedAt);
    facts.push([say('Edit'), job.draft.savedBy === undefined ? say('saved {age}, not sent yet', { age }) : say('saved {age} by {savedBy}, not sent yet', { age, savedBy: oneLine(job.draft.savedBy) })]);
  }
  if (job.discardReason !== undefined) facts.push([say('Reason'), oneLine(job.discardReason)]);
  if (job.error !== undefined) facts.push([say('Error'), oneLine(toldText(job.error))]);
  return facts;
}

/** `failed · 503 Service Unavailable · 1.5s` */
export function attemptDescription(attempt: AttemptView): string {
  const parts = [stateText(attempt.state)];
  if (attempt.error !== undefined) parts.push(oneLine(attempt.error.cause, 60));
  if (attempt.durationMs !== undefined) parts.push(formatDuration(attempt.durationMs));
  return parts.join(' · ');
}

/** `14 succeeded, 2 dead again, 44 waiting, the last due at 16:42`: what became of a replay. */
export function outcomeText(tally: ReplayTally, nowMs: number, takenBack = 0): string {
  return tallyMessages(tally, { nowMs, takenBack, time: formatMoment }).map(textOf).join(', ');
}

/** The same of a single one, as a sentence. */
export function oneOutcomeText(tally: ReplayTally, takenBack = 0): string {
  const { succeeded, dead, active, retrying, waiting, lastDueAt, error } = tally;
  const cause = oneLine(error?.message ?? '', 160);
  const time = lastDueAt === undefined ? '' : formatMoment(lastDueAt);
  if (takenBackOf(tally, takenBack) > 0) return say('It was taken back unsent.');
  if (succeeded > 0) return say('It succeeded.');
  if (dead > 0) return cause === '' ? say('It died again.') : say('It died again: {cause}', { cause });
  if (active > 0) return say('It is in progress.');
  if (retrying > 0) return say('It failed and is tried again, due at {time}: {cause}', { time, cause });
  return waiting > 0 ? say('It waits for its turn.') : say('It was cancelled or discarded meanwhile.');
}

/** Why the newest one failed, as a sentence of its own; empty if none did. */
export function newestFailureText(tally: ReplayTally): string {
  const told = newestFailureMessage(tally, (text) => oneLine(text, 160));
  return told === undefined ? '' : textOf(told);
}

/** What became of so many that were replayed, in whole sentences. None of none. */
export function becameTexts(count: number, outcome: ReplayTally, takenBack = 0): readonly string[] {
  if (count === 0) return [];
  if (count === 1) return [oneOutcomeText(outcome, takenBack)];
  const failure = outcome.dead > takenBackOf(outcome, takenBack) ? newestFailureText(outcome) : '';
  return [say('Of these: {outcome}.', { outcome: outcomeText(outcome, Date.now(), takenBack) }), ...(failure === '' ? [] : [failure])];
}
