import type { DaemonStatus, LastStop } from '../../schemas/protocol/daemon-status.ts';
import { crashMessages, lastStopMessages } from '../../schemas/wording/daemon.ts';
import { formatMoment, paragraphOf, say } from './language.ts';

/** More are counted: a notification is read at a glance. */
const namedJobs = 5;

/** When the daemon before this one crashed, and which calls may have their effect twice. */
export function crashText(project: string, crash: NonNullable<DaemonStatus['lastCrash']>): string {
  return paragraphOf(crashMessages(project, crash, namedJobs, formatMoment));
}

/** What waits for a daemon that was stopped; undefined if no job does. */
export function lastStopText(left: LastStop, project: string): string | undefined {
  return left.waiting === 0 ? undefined : paragraphOf(lastStopMessages(left, project, formatMoment));
}

/** `42 jobs waiting`, for beside a title; undefined if none does. */
export function lastStopPart({ waiting }: LastStop): string | undefined {
  return waiting === 0 ? undefined : say('{count, plural, =1 {one job waiting} other {# jobs waiting}}', { count: waiting });
}
