import type { BulkAction, BulkView } from '../../schemas/protocol/bulk.ts';
import { formatNumber, say } from '../wording/language.ts';
import type { Tally } from './batches.ts';

export type TalliedAction = 'replayed' | 'discarded' | 'exported' | 'jobs-cancelled' | 'jobs-retried' | 'runs-cancelled' | 'queues-paused' | 'queues-resumed';

const tallied: Readonly<Record<BulkAction, TalliedAction>> = { replay: 'replayed', discard: 'discarded', cancel: 'jobs-cancelled', retry: 'jobs-retried', 'cancel-runs': 'runs-cancelled', export: 'exported' };

/** What a daemon has done with many, as `tallyText`. */
export function bulkTallyText({ action, state, total, done, skipped, edited, problem }: BulkView): string {
  return tallyText(tallied[action], { total, done, skipped, isCancelled: state === 'cancelled' && done + skipped < total, ...(problem === undefined ? {} : { fault: problem }) }, edited);
}

/** What is under way, as the title of its progress. */
export function bulkActionText(action: BulkAction): string {
  switch (action) {
    case 'replay':
      return say('Replaying dead letters');
    case 'discard':
      return say('Discarding dead letters');
    case 'cancel':
      return say('Cancelling jobs');
    case 'retry':
      return say('Retrying jobs');
    case 'cancel-runs':
      return say('Cancelling runs');
    case 'export':
      return say('Exporting dead letters');
  }
}

/** What came of it, exactly. `edited`: how many of those that were replayed went with an edited payload. */
export function tallyText(what: TalliedAction, { total, done, skipped, isCancelled, fault, byProject }: Tally, edited = 0): string {
  const parts = [total === 1 && done === 1 ? oneText(what, edited > 0) : headOf(what, done, total, edited)];
  if (byProject !== undefined) {
    const each = byProject.map(({ project, tally }) => say('{project} {done} of {total}', { project, done: tally.done, total: tally.total }));
    parts.push(say('By project: {list}.', { list: each.join(', ') }));
  }
  if (skipped > 0) parts.push(skippedText(what, formatNumber(skipped)));
  if (isCancelled) parts.push(say('It was cancelled; the others are as they were.'));
  if (byProject !== undefined) {
    for (const { project, tally } of byProject) {
      if (tally.fault !== undefined) parts.push(say('In {project} it stopped early; the rest there were left unchanged: {fault}', { project, fault: tally.fault }));
    }
  } else if (fault !== undefined) {
    parts.push(say('Stopped early; the rest were left unchanged: {fault}', { fault }));
  }
  return parts.join(' ');
}

function oneText(what: TalliedAction, isEdited: boolean): string {
  switch (what) {
    case 'replayed':
      return isEdited ? say('Replayed the dead letter with its edited payload.') : say('Replayed the dead letter.');
    case 'discarded':
      return say('Discarded the dead letter.');
    case 'exported':
      return say('Exported the dead letter.');
    case 'jobs-cancelled':
      return say('Cancelled the job.');
    case 'jobs-retried':
      return say('The job is due immediately.');
    case 'runs-cancelled':
      return say('Cancelled the run.');
    case 'queues-paused':
      return say('Paused the queue.');
    case 'queues-resumed':
      return say('Resumed the queue.');
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
      return say('No longer dead letters: {skipped}.', { skipped });
    case 'jobs-cancelled':
    case 'runs-cancelled':
      return say('Had ended by then: {skipped}.', { skipped });
    case 'jobs-retried':
      return say("No longer waiting for an attempt: {skipped}.", { skipped });
    case 'queues-paused':
      return say('Were paused already: {skipped}.', { skipped });
    case 'queues-resumed':
      return say("Weren't paused: {skipped}.", { skipped });
  }
}
