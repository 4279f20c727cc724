import * as l10n from '@vscode/l10n';
import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import { formatMoment, formatNumber } from './language.ts';

/** More are counted: a notification is read at a glance. */
const namedJobs = 5;

/** When the daemon before this one crashed, and which calls may have their effect twice. */
export function crashText(project: string, { aliveAt, interrupted, jobs }: NonNullable<DaemonStatus['lastCrash']>): string {
  const ended = l10n.t('The daemon of {0} crashed or was killed (last alive: {1}) and is running again.', project, formatMoment(aliveAt));
  return `${ended} ${interruptedText(interrupted, jobs.slice(0, namedJobs))}`;
}

function interruptedText(interrupted: number, named: readonly string[]): string {
  const list = named.join(', ');
  if (interrupted === 0) return l10n.t('No call was in progress.');
  if (interrupted === 1) return l10n.t('One call was in progress. It is made again, so its effect may happen twice: {0}.', list);
  const others = interrupted - named.length;
  if (others <= 0) return l10n.t('{0} calls were in progress. They are made again, so their effects may happen twice: {1}.', formatNumber(interrupted), list);
  if (others === 1) return l10n.t('{0} calls were in progress. They are made again, so their effects may happen twice: {1} and one other.', formatNumber(interrupted), list);
  return l10n.t('{0} calls were in progress. They are made again, so their effects may happen twice: {1} and {2} others.', formatNumber(interrupted), list, formatNumber(others));
}
