import * as l10n from '@vscode/l10n';
import type { RunSummary, StepView } from '../../schemas/protocol/run.ts';
import type { JobCounts } from '../../schemas/protocol/shape.ts';
import { formatDuration } from '../../schemas/wording/amount.ts';
import { oneLine } from './outside-text.ts';
import { formatAge, formatNumber, say } from './language.ts';
import { lookOfState } from './state-look.ts';

/** `running · 40 of 100 · 2 dead · 3m ago` */
export function runDescription(run: RunSummary, nowMs: number): string {
  const parts = [lookOfState(run.state).word.toLowerCase(), ...countParts(run.jobs, run.state === 'running')];
  parts.push(...noteParts(run));
  if (run.heldAfter !== undefined) parts.push(l10n.t('the rest waits for you'));
  if (run.closing) parts.push(l10n.t('on-failure steps go on'));
  parts.push(formatAge(run.endedAt ?? run.createdAt, nowMs));
  return parts.join(' · ');
}

export function runLabel(run: RunSummary, nowMs: number): string {
  return [l10n.t('run {0} of {1}', run.id, run.workflow), lookOfState(run.state).word, ...countParts(run.jobs, true), ...noteParts(run), formatAge(run.endedAt ?? run.createdAt, nowMs)].join(', ');
}

/** `at` writes times: as ages in what is drawn again and again, else as they are. */
export function runFacts(run: RunSummary, at: (time: string) => string): readonly (readonly [name: string, value: string])[] {
  const { jobs } = run;
  const facts: (readonly [string, string])[] = [
    [l10n.t('Run'), `${run.id}, ${run.workflow}`],
    [l10n.t('State'), lookOfState(run.state).word],
    [l10n.t('Started'), at(run.createdAt)],
    [l10n.t('Jobs'), l10n.t('{0} in all, {1} succeeded, {2} open, {3} dead', formatNumber(jobs.total), formatNumber(jobs.succeeded), formatNumber(jobs.open), formatNumber(jobs.dead))],
  ];
  if (run.duplicates > 0) facts.push([l10n.t('Duplicates'), l10n.t('{0} left out, because an earlier item has the same key', formatNumber(run.duplicates))]);
  if (run.warnings > 0) facts.push([l10n.t('Warnings'), l10n.t('{0} succeeded, and should be looked at', formatNumber(run.warnings))]);
  if (run.heldAfter !== undefined) facts.push([l10n.t('Waits'), l10n.t('the first {0} items were tried; "Run the Rest" lets the others go', formatNumber(run.heldAfter))]);
  if (run.endedAt !== undefined) facts.push([l10n.t('Took'), formatDuration(Date.parse(run.endedAt) - Date.parse(run.createdAt))]);
  if (run.error !== undefined) facts.push([l10n.t('Error'), oneLine(run.error.step === undefined ? run.error.message : `${run.error.step}: ${run.error.message}`)]);
  return facts;
}

export function stepDescription(step: StepView): string {
  const parts = [lookOfState(step.state).word.toLowerCase()];
  if (step.foreach) parts.push(...countParts(step.jobs, step.state === 'running'));
  parts.push(...noteParts(step));
  if (step.onFailure) parts.push(l10n.t('on failure'));
  if (step.error !== undefined && step.state === 'failed') parts.push(oneLine(step.error.cause, 60));
  return parts.join(' · ');
}

/** What a run or a step that looks good may hide. */
function noteParts({ duplicates, warnings }: { readonly duplicates: number; readonly warnings: number }): string[] {
  return [
    ...(duplicates > 0 ? [say('{count, plural, one {# duplicate left out} other {# duplicates left out}}', { count: duplicates })] : []),
    ...(warnings > 0 ? [say('{count, plural, one {# warning} other {# warnings}}', { count: warnings })] : []),
  ];
}

function countParts({ total, open, dead }: JobCounts, showsProgress: boolean): string[] {
  const parts: string[] = [];
  if (showsProgress && total > 1) parts.push(l10n.t('{0} of {1}', formatNumber(total - open), formatNumber(total)));
  if (dead > 0) parts.push(l10n.t('{0} dead', formatNumber(dead)));
  return parts;
}
