import type { LastStop } from '../../schemas/protocol/last-stop.ts';
import { formatMoment, say } from './language.ts';

/** A sentence where jobs wait for a daemon that was stopped; undefined where none does. */
export function lastStopText({ at, waiting }: LastStop, project: string): string | undefined {
  if (waiting === 0) return undefined;
  return say('{count, plural, =1 {One job was waiting when the daemon of {project} stopped: {at}.} other {# jobs were waiting when the daemon of {project} stopped: {at}.}}', { count: waiting, project, at: formatMoment(at) });
}

/** `42 jobs waiting`, for beside a title; undefined where none does. */
export function lastStopPart({ waiting }: LastStop): string | undefined {
  if (waiting === 0) return undefined;
  return say('{count, plural, =1 {one job waiting} other {# jobs waiting}}', { count: waiting });
}
