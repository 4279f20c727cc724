import * as l10n from '@vscode/l10n';
import type { DaemonStatus } from '../../schemas/protocol/daemon-status.ts';
import { formatMoment, say } from './language.ts';

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
  const others = interrupted - named.length;
  if (others <= 0) {
    return say(
      '{count, plural, =1 {One call was in progress. It is made again, so its effect may happen twice: {list}.} other {# calls were in progress. They are made again, so their effects may happen twice: {list}.}}',
      { count: interrupted, list },
    );
  }
  return say(
    '{others, plural, =1 {{interrupted} calls were in progress. They are made again, so their effects may happen twice: {list} and one other.} other {{interrupted} calls were in progress. They are made again, so their effects may happen twice: {list} and # others.}}',
    { others, interrupted, list },
  );
}
