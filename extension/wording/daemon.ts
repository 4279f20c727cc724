import type { DaemonStatus, LastStop, DaemonView } from '../../schemas/protocol/daemon-status.ts';
import { crashMessages, lastStopMessages, daemonHealthMessage } from '../../schemas/wording/daemon.ts';
import { formatMoment, paragraphOf, say, formatAge, formatNumber, textOf } from './language.ts';

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

type Sharing = NonNullable<DaemonStatus['daemons']>;

/** Beside the row above the daemons: whether all of them are well, or the store can be reached at all. */
export function sharingDescription({ store, daemons }: Pick<DaemonStatus, 'store'> & { readonly daemons: Sharing }): string {
  if (!store.ok) return say('the store is not writable');
  const { all } = daemons;
  const sharing = all.filter(({ health }) => health === 'ok' || health === 'late' || health === 'stopping').length;
  const amiss = all.filter(({ health }) => health === 'late' || health === 'silent').length;
  const count = say('{count, plural, =1 {one shares the store} other {# share the store}}', { count: sharing });
  return amiss === 0 ? count : say('{count} · {amiss} late or silent', { count, amiss });
}

/** What a row of a daemon is called: its host, and as much more as tells it apart from the others. Short, so that its health beside it is seen. */
export function daemonLabel({ name, host, folder }: DaemonView, { all }: Sharing): string {
  const sameHost = all.filter((other) => other.host === host);
  if (sameHost.length === 1) return host;
  return folder !== '' && sameHost.filter((other) => other.folder === folder).length === 1 ? `${host}:${folder}` : name;
}

export function daemonDescription(daemon: DaemonView, nowMs: number): string {
  const count = daemon.active.reduce((sum, one) => sum + one.count, 0);
  return [
    textOf(daemonHealthMessage(daemon, nowMs)),
    ...(count === 0 ? [] : [say('{count} active', { count })]),
    ...(daemon.leads ? [say('leads')] : []),
    ...(daemon.self === true ? [say('this one')] : []),
  ].join(' · ');
}

/** Name and value of each line of a daemon's tooltip. */
export function daemonFacts(daemon: DaemonView, { server, schema }: DaemonStatus['store'], nowMs: number): readonly (readonly [name: string, value: string])[] {
  const { health, seenAt, leads, twin, version, protocol, pid, startedAt, hints, active, name } = daemon;
  return [
    [say('Health'), textOf(daemonHealthMessage(daemon, nowMs))],
    [say('Last check-in'), formatAge(seenAt, nowMs)],
    [say('Active'), active.length === 0 ? say('nothing') : active.map(({ queue, count }) => `${queue} ${formatNumber(count)}`).join(', ')],
    ...(leads ? [[say('Leads'), say('fan-outs, schedules, alerts and pruning for all of them')] as const] : []),
    ...(health === 'silent' ? [[say('Lease'), say('over: the others have taken over what it had under way')] as const] : []),
    ...(hints === false ? [[say('Hints'), say('none come (LISTEN): changes are heard up to a second later')] as const] : []),
    ...(twin === true ? [[say('Copy'), say('a daemon with the same host name, machine id and folder was alive when it started')] as const] : []),
    ...(version === undefined ? [] : [[say('Version'), protocol === undefined ? version : say('{version}, protocol {protocol}', { version, protocol })] as const]),
    ...(startedAt === undefined ? [] : [[say('Started'), formatAge(startedAt, nowMs)] as const]),
    ...(pid === undefined ? [] : [[say('Process'), String(pid)] as const]),
    [say('Name'), name],
    ...(server === undefined ? [] : [[say('Store'), say('{server}, schema {schema}', { server, schema: schema ?? '' })] as const]),
  ];
}
