import type { DaemonStatus, DaemonView, DifferingDaemon, LastStop } from '../protocol/daemon-status.ts';
import { ageMessage } from './amount.ts';
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

/** Names that a text lists. */
const maxParts = 5;

/** That the files of another daemon declare something else, what of it, and which of them hold. `time` writes a time. */
export function differingMessage({ daemon, since, parts, holds }: DifferingDaemon, time: (time: string) => string): Message {
  const told = { daemon, since: time(since), parts: `${parts.slice(0, maxParts).join(', ')}${parts.length > maxParts ? ', …' : ''}` };
  if (holds) return message('Since {since} the files of {daemon} declare {parts} differently. They were changed last, so they hold for all.', told);
  return message('Since {since} the files of {daemon} declare {parts} differently. Others were changed later, and hold for all.', told);
}

/** How a daemon is that shares a store: `ok`, `late: last check-in 17s ago`. */
export function daemonHealthMessage({ health, seenAt }: Pick<DaemonView, 'health' | 'seenAt'>, nowMs: number): Message {
  const age = ageMessage(seenAt, nowMs);
  switch (health) {
    case 'ok':
      return message('ok');
    case 'late':
      return message('late: last check-in {age}', { age });
    case 'silent':
      return message('silent: last check-in {age}', { age });
    case 'stopping':
      return message('stopping');
    case 'left':
      return message('stopped');
    case 'unknown':
      return message('not known: last check-in {age}', { age });
  }
}

/** What follows from how daemons are, for a person who looks after them: sentences. */
export function daemonNotes(daemons: readonly DaemonView[], name: (daemon: DaemonView) => string): readonly Message[] {
  const notes: Message[] = [];
  const shares = daemons.filter(({ health }) => health !== 'left');
  const silent = shares.filter(({ health }) => health === 'silent');
  if (silent.length > 0) notes.push(message('{count, plural, =1 {{names} has not checked in for its lease of 30 seconds: the others have taken over what it had under way.} other {{names} have not checked in for their leases of 30 seconds: the others have taken over what they had under way.}}', { count: silent.length, names: silent.map(name).join(', ') }));
  const versions = new Set(shares.flatMap(({ version, health }) => (version === undefined || health === 'silent' ? [] : [version])));
  if (versions.size > 1) notes.push(message('Daemons of different versions of Sluice share the store: {versions}.', { versions: [...versions].join(', ') }));
  const unhinted = shares.filter(({ hints, health }) => hints === false && health === 'ok');
  if (unhinted.length > 0) notes.push(message('{names}: no hints come (LISTEN), so changes are heard up to a second later. Behind a pooler, set `listen` of `store` to the URL of the server itself.', { names: unhinted.map(name).join(', ') }));
  for (const twin of shares.filter((daemon) => daemon.twin === true)) notes.push(message('{name} has a number, since a daemon with the same host name, machine id and folder was alive when it started: one machine, or container, is a copy of the other.', { name: name(twin) }));
  return notes;
}
