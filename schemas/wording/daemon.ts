import type { DaemonStatus, LastStop } from '../protocol/daemon-status.ts';
import { message, type Message } from './message.ts';

/** When the daemon before this one crashed, and which calls may have their effect twice: sentences. `named`: jobs that are named; more are counted. */
export function crashMessages(project: string, { aliveAt, interrupted, jobs }: NonNullable<DaemonStatus['lastCrash']>, named: number, time: (time: string) => string): readonly Message[] {
  return [
    message('The daemon of {project} crashed or was killed (last alive: {time}) and is running again.', { project, time: time(aliveAt) }),
    interruptedMessage(interrupted, jobs.slice(0, named)),
  ];
}

function interruptedMessage(interrupted: number, named: readonly string[]): Message {
  const list = named.join(', ');
  if (interrupted === 0) return message('No call was in progress.');
  const others = interrupted - named.length;
  if (others <= 0) {
    return message(
      '{count, plural, =1 {One call was in progress. It is made again, so its effect may happen twice: {list}.} other {# calls were in progress. They are made again, so their effects may happen twice: {list}.}}',
      { count: interrupted, list },
    );
  }
  return message(
    '{others, plural, =1 {{interrupted} calls were in progress. They are made again, so their effects may happen twice: {list} and one other.} other {{interrupted} calls were in progress. They are made again, so their effects may happen twice: {list} and # others.}}',
    { others, interrupted, list },
  );
}

/** What waits for a daemon that was stopped, a sentence for jobs and one for dead letters, if there are any. */
export function lastStopMessages({ at, waiting, dead }: LastStop, project: string, time: (time: string) => string): readonly Message[] {
  const told = { project, time: time(at) };
  return [
    waiting === 0
      ? message('No job was waiting when the daemon of {project} stopped at {time}.', told)
      : message('{count, plural, one {# job was waiting when the daemon of {project} stopped at {time}.} other {# jobs were waiting when the daemon of {project} stopped at {time}.}}', { count: waiting, ...told }),
    ...(dead === 0 ? [] : [message('{count, plural, one {There was # dead letter.} other {There were # dead letters.}}', { count: dead })]),
  ];
}
