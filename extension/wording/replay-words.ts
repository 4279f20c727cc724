import * as l10n from '@vscode/l10n';
import type { ReplayTally } from '../../schemas/protocol/replay.ts';
import { oneLine } from './outside-text.ts';
import { formatMoment, formatNumber } from './language.ts';

/** `14 succeeded, 2 dead again, 44 waiting, the last due at 16:42`: what is known, and no more. */
export function outcomeText(tally: ReplayTally, nowMs: number, takenBack = 0): string {
  const { succeeded, active, retrying, waiting, lastDueAt } = tally;
  const dead = Math.max(0, tally.dead - takenBack);
  const gone = tally.cancelled + tally.discarded;
  const parts: string[] = [];
  if (succeeded > 0) parts.push(l10n.t('{0} succeeded', formatNumber(succeeded)));
  if (dead > 0) parts.push(l10n.t('{0} dead again', formatNumber(dead)));
  if (active > 0) parts.push(l10n.t('{0} being tried', formatNumber(active)));
  if (retrying > 0) parts.push(l10n.t('{0} failed, to be tried again', formatNumber(retrying)));
  if (waiting > 0) parts.push(l10n.t('{0} waiting', formatNumber(waiting)));
  if (takenBack > 0) parts.push(l10n.t('{0} taken back unsent', formatNumber(takenBack)));
  if (gone > 0) parts.push(l10n.t('{0} cancelled or discarded', formatNumber(gone)));
  if (waiting + retrying > 0 && lastDueAt !== undefined && Date.parse(lastDueAt) > nowMs) parts.push(l10n.t('the last due at {0}', formatMoment(lastDueAt)));
  return parts.length === 0 ? l10n.t('none is there any more') : parts.join(', ');
}

/** The same of a single one, as a sentence. */
export function oneOutcomeText({ succeeded, dead, active, retrying, waiting, lastDueAt, error }: ReplayTally, takenBack = 0): string {
  const why = oneLine(error?.message ?? '', 160);
  const due = lastDueAt === undefined ? '' : formatMoment(lastDueAt);
  if (takenBack > 0) return l10n.t('It was taken back unsent.');
  if (succeeded > 0) return l10n.t('It succeeded.');
  if (dead > 0) return why === '' ? l10n.t('It died again.') : l10n.t('It died again: {0}', why);
  if (active > 0) return l10n.t('It is being tried.');
  if (retrying > 0) return l10n.t('It failed and is tried again, due at {0}: {1}', due, why);
  return waiting > 0 ? l10n.t('It waits for its turn.') : l10n.t('It was cancelled or discarded meanwhile.');
}

/** Why the newest one failed, as a sentence of its own; empty where none did. */
export function failureText({ dead, retrying, error }: ReplayTally): string {
  return dead + retrying === 0 || error === undefined ? '' : l10n.t('The newest failure: {0}', oneLine(error.message, 160));
}
