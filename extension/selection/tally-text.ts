import * as l10n from '@vscode/l10n';
import { formatNumber } from '../wording/language.ts';
import type { Tally } from './batches.ts';

export type TalliedAction = 'replayed' | 'discarded' | 'exported' | 'jobs-cancelled' | 'jobs-retried' | 'runs-cancelled' | 'queues-paused' | 'queues-resumed';

/** What came of it, exactly. `edits`: what is said of the payloads of those that were replayed, such as `, 3 of them edited`. */
export function tallyText(what: TalliedAction, { total, done, skipped, isCancelled, fault, byProject }: Tally, edits = ''): string {
  const parts = [total === 1 && done === 1 ? oneText(what, edits) : headOf(what, formatNumber(done), formatNumber(total), edits)];
  if (byProject !== undefined) {
    const each = byProject.map(({ project, tally }) => l10n.t('{0} {1} of {2}', project, formatNumber(tally.done), formatNumber(tally.total)));
    parts.push(l10n.t('By project: {0}.', each.join(', ')));
  }
  if (skipped > 0) parts.push(skippedText(what, formatNumber(skipped)));
  if (isCancelled) parts.push(l10n.t('It was cancelled; the others are as they were.'));
  if (byProject !== undefined) {
    for (const { project, tally } of byProject) {
      if (tally.fault !== undefined) parts.push(l10n.t('In {0} it ended early, and the others there are as they were: {1}', project, tally.fault));
    }
  } else if (fault !== undefined) {
    parts.push(l10n.t('It ended early, and the others are as they were: {0}', fault));
  }
  return parts.join(' ');
}

function oneText(what: TalliedAction, edits: string): string {
  switch (what) {
    case 'replayed':
      return l10n.t('Replayed the dead letter{0}.', edits);
    case 'discarded':
      return l10n.t('Discarded the dead letter.');
    case 'exported':
      return l10n.t('Exported the dead letter.');
    case 'jobs-cancelled':
      return l10n.t('Cancelled the job.');
    case 'jobs-retried':
      return l10n.t('The job is due at once.');
    case 'runs-cancelled':
      return l10n.t('Cancelled the run.');
    case 'queues-paused':
      return l10n.t('Paused the queue.');
    case 'queues-resumed':
      return l10n.t('Resumed the queue.');
  }
}

function headOf(what: TalliedAction, done: string, total: string, edits: string): string {
  switch (what) {
    case 'replayed':
      return l10n.t('Dead letters replayed: {0} of {1}{2}.', done, total, edits);
    case 'discarded':
      return l10n.t('Dead letters discarded: {0} of {1}.', done, total);
    case 'exported':
      return l10n.t('Dead letters exported: {0} of {1}.', done, total);
    case 'jobs-cancelled':
      return l10n.t('Jobs cancelled: {0} of {1}.', done, total);
    case 'jobs-retried':
      return l10n.t('Jobs that are due at once: {0} of {1}.', done, total);
    case 'runs-cancelled':
      return l10n.t('Runs cancelled: {0} of {1}.', done, total);
    case 'queues-paused':
      return l10n.t('Queues paused: {0} of {1}.', done, total);
    case 'queues-resumed':
      return l10n.t('Queues resumed: {0} of {1}.', done, total);
  }
}

function skippedText(what: TalliedAction, skipped: string): string {
  switch (what) {
    case 'replayed':
    case 'discarded':
    case 'exported':
      return l10n.t('No dead letters any more: {0}.', skipped);
    case 'jobs-cancelled':
    case 'runs-cancelled':
      return l10n.t('Had ended by then: {0}.', skipped);
    case 'jobs-retried':
      return l10n.t("Didn't wait for an attempt any more: {0}.", skipped);
    case 'queues-paused':
      return l10n.t('Were paused already: {0}.', skipped);
    case 'queues-resumed':
      return l10n.t("Weren't paused: {0}.", skipped);
  }
}
