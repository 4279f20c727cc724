import * as l10n from '@vscode/l10n';
import type { BulkAction, BulkView } from '../../schemas/protocol/bulk.ts';
import { formatNumber, say } from '../wording/language.ts';
import type { Tally } from './batches.ts';

export type TalliedAction = 'replayed' | 'discarded' | 'exported' | 'jobs-cancelled' | 'jobs-retried' | 'runs-cancelled' | 'queues-paused' | 'queues-resumed';

const tallied: Readonly<Record<BulkAction, TalliedAction>> = { replay: 'replayed', discard: 'discarded', cancel: 'jobs-cancelled', retry: 'jobs-retried', 'cancel-runs': 'runs-cancelled' };

/** What a daemon has done with many, as `tallyText`. */
export function bulkTallyText({ action, state, total, done, skipped, edited, problem }: BulkView): string {
  return tallyText(tallied[action], { total, done, skipped, isCancelled: state === 'cancelled', ...(problem === undefined ? {} : { fault: problem }) }, edited);
}

/** What is under way, as the title of its progress. */
export function bulkActionText(action: BulkAction): string {
  switch (action) {
    case 'replay':
      return l10n.t('Replaying dead letters');
    case 'discard':
      return l10n.t('Discarding dead letters');
    case 'cancel':
      return l10n.t('Cancelling jobs');
    case 'retry':
      return l10n.t('Retrying jobs');
    case 'cancel-runs':
      return l10n.t('Cancelling runs');
  }
}

/** What came of it, exactly. `edited`: how many of those that were replayed went with an edited payload. */
export function tallyText(what: TalliedAction, { total, done, skipped, isCancelled, fault, byProject }: Tally, edited = 0): string {
  const parts = [total === 1 && done === 1 ? oneText(what, edited > 0) : headOf(what, done, total, edited)];
  if (byProject !== undefined) {
    const each = byProject.map(({ project, tally }) => l10n.t('{0} {1} of {2}', project, formatNumber(tally.done), formatNumber(tally.total)));
    parts.push(l10n.t('By project: {0}.', each.join(', ')));
  }
  if (skipped > 0) parts.push(skippedText(what, formatNumber(skipped)));
  if (isCancelled) parts.push(l10n.t('It was cancelled; the others are as they were.'));
  if (byProject !== undefined) {
    for (const { project, tally } of byProject) {
      if (tally.fault !== undefined) parts.push(l10n.t('In {0} it stopped early; the rest there were left unchanged: {1}', project, tally.fault));
    }
  } else if (fault !== undefined) {
    parts.push(l10n.t('Stopped early; the rest were left unchanged: {0}', fault));
  }
  return parts.join(' ');
}

function oneText(what: TalliedAction, isEdited: boolean): string {
  switch (what) {
    case 'replayed':
      return isEdited ? say('Replayed the dead letter with its edited payload.') : say('Replayed the dead letter.');
    case 'discarded':
      return l10n.t('Discarded the dead letter.');
    case 'exported':
      return l10n.t('Exported the dead letter.');
    case 'jobs-cancelled':
      return l10n.t('Cancelled the job.');
    case 'jobs-retried':
      return l10n.t('The job is due immediately.');
    case 'runs-cancelled':
      return l10n.t('Cancelled the run.');
    case 'queues-paused':
      return l10n.t('Paused the queue.');
    case 'queues-resumed':
      return l10n.t('Resumed the queue.');
  }
}

function headOf(what: TalliedAction, done: number, total: number, edited: number): string {
  switch (what) {
    case 'replayed':
      return replayedText(done, total, edited);
    case 'discarded':
      return say('Dead letters discarded: {done} of {total}.', { done, total });
    case 'exported':
      return say('Dead letters exported: {done} of {total}.', { done, total });
    case 'jobs-cancelled':
      return say('Jobs cancelled: {done} of {total}.', { done, total });
    case 'jobs-retried':
      return say('Jobs that are due immediately: {done} of {total}.', { done, total });
    case 'runs-cancelled':
      return say('Runs cancelled: {done} of {total}.', { done, total });
    case 'queues-paused':
      return say('Queues paused: {done} of {total}.', { done, total });
    case 'queues-resumed':
      return say('Queues resumed: {done} of {total}.', { done, total });
  }
}

function replayedText(done: number, total: number, edited: number): string {
  if (edited === 0) return say('Dead letters replayed: {done} of {total}.', { done, total });
  if (edited < done) return say('Dead letters replayed: {done} of {total}, {edited} of them edited.', { done, total, edited });
  return done > 1 ? say('Dead letters replayed: {done} of {total}, all of them edited.', { done, total }) : say('Dead letters replayed: {done} of {total}, with its edited payload.', { done, total });
}

function skippedText(what: TalliedAction, skipped: string): string {
  switch (what) {
    case 'replayed':
    case 'discarded':
    case 'exported':
      return l10n.t('No longer dead letters: {0}.', skipped);
    case 'jobs-cancelled':
    case 'runs-cancelled':
      return l10n.t('Had ended by then: {0}.', skipped);
    case 'jobs-retried':
      return l10n.t("No longer waiting for an attempt: {0}.", skipped);
    case 'queues-paused':
      return l10n.t('Were paused already: {0}.', skipped);
    case 'queues-resumed':
      return l10n.t("Weren't paused: {0}.", skipped);
  }
}
