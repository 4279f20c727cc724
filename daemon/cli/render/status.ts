import path from 'node:path';
import type { ProjectLook } from '../../../client/projects.ts';
import type { DaemonStatus, DaemonView, LastStop } from '../../../schemas/protocol/daemon-status.ts';
import { formatDuration, formatShortDuration } from '../../../schemas/wording/amount.ts';
import { crashMessages, daemonHealthMessage, daemonNotes, differingMessage, lastStopMessages } from '../../../schemas/wording/daemon.ts';
import { waitingJobs, type StateReport } from '../state-report.ts';
import type { View } from '../terminal.ts';
import { formatAge, formatBytes, formatCount, formatNumber, formatTime, oneLine, paragraphOf, say, textOf } from './format.ts';
import { renderQueues } from './queues.ts';
import { renderFields, renderTable, type Column } from './table.ts';
import { wrap } from './text-width.ts';

/** `sluice status`: is it well, and what is it doing. */
export function renderStatus(status: DaemonStatus, view: View): string {
  const { style } = view;
  const { store, machine } = status;
  const atATime = machine?.limit === undefined ? '' : `; at most ${formatNumber(machine.limit)} are made at a time`;
  const health = store.ok ? style('green', 'running') : style('red', 'running, but accepts nothing');
  const fields: (readonly [string, string])[] = [
    ['daemon', `${health}, pid ${status.pid}, version ${status.version}`],
    ['project', status.project],
    ['endpoint', status.endpoint],
    ['up', `${formatDuration(status.uptimeMs)}, since ${formatTime(status.startedAt, view)}`],
    ['store', storeText(status, view)],
    ['runs', `${formatNumber(status.runs.running)} running`],
  ];
  if (store.change !== undefined) fields.push(['changed', style('yellow', oneLine(store.change))]);
  if (status.daemons !== undefined) fields.push(['daemons', daemonsText(status.daemons, view)]);
  for (const one of status.differing ?? []) fields.push(['files', style('yellow', textOf(differingMessage({ ...one, daemon: oneLine(one.daemon), parts: one.parts.map(oneLine) }, (time) => formatTime(time, view))))]);
  if (status.webhooks !== undefined) fields.push(['webhooks', webhooksText(status.webhooks, view)]);
  for (const { receiver, problem, since } of status.unreached ?? []) fields.push(['alerts', style('red', `${oneLine(receiver)} is not told of alerts, since ${formatTime(since, view)}: ${oneLine(problem)}`)]);
  if (machine !== undefined) fields.push(['machine', style('yellow', `${oneLine(machine.problem)} Attempts are put off and not charged${atATime}.`)]);
  if (status.lastCrash !== undefined) fields.push(['crash', style('yellow', crashText(status.project, status.lastCrash, view))]);
  if (status.problems > 0) fields.push(['files', style('red', `${formatCount(status.problems, 'error')}: sluice validate`)]);
  if (status.lateOutcomes > 0) fields.push(['late outcomes', `${formatNumber(status.lateOutcomes)} refused`]);
  // Without the store, nobody knows what there is.
  const queues = !store.ok && status.queues.length === 0 ? 'The queues are in the store, and are shown when it can be reached.' : renderQueues(status.queues, view);
  return [renderFields(fields, view), ...renderDaemons(status.daemons?.all ?? [], view), queues].join('\n\n');
}

function storeText({ store, durability }: DaemonStatus, view: View): string {
  const place = store.server === undefined ? '' : `Postgres at ${oneLine(store.server)}, schema ${oneLine(store.schema ?? '')}; `;
  if (!store.ok) return `${place}${view.style('red', `${oneLine(store.problem ?? 'not available')}${store.since === undefined ? '' : ` Since ${formatTime(store.since, view)}. It is tried again and again, and what waits begins by itself.`}`)}`;
  return `${place}${formatBytes(store.bytes)}, durability ${durability}`;
}

function daemonsText({ leads, all, lapsedAt }: NonNullable<DaemonStatus['daemons']>, view: View): string {
  if (lapsedAt !== undefined) return view.style('red', `this one has not reached the store for too long, since ${formatTime(lapsedAt, view)}: the others take its work over`);
  const sharing = all.filter(({ health }) => health === 'ok' || health === 'late' || health === 'stopping').length;
  const count = sharing < 2 ? 'no other one shares the store now' : `${formatNumber(sharing)} share the store`;
  return leads ? `${count}; this one leads` : count;
}

/** A row for each daemon that shares the store, if there is more than one, and what a person should know of them. */
function renderDaemons(daemons: readonly DaemonView[], view: View): string[] {
  if (daemons.length < 2) return [];
  const notes = daemonNotes(daemons, (daemon) => shortName(daemon, daemons)).map((note) => wrap(view.style('yellow', textOf(note)), view.width, 2));
  return [[renderTable(daemons, daemonColumns(daemons, view), view), ...(notes.length === 0 ? [] : ['', ...notes])].join('\n')];
}

/** `two:/srv/shop`, or with what tells it apart from one that is called alike. */
function shortName({ host, folder, name }: DaemonView, all: readonly DaemonView[]): string {
  const isUnique = all.filter((other) => other.host === host && other.folder === folder).length === 1;
  return oneLine(isUnique && folder !== '' ? `${host}:${folder}` : name);
}

function daemonColumns(all: readonly DaemonView[], view: View): readonly Column<DaemonView>[] {
  return [
    { title: 'DAEMON', value: (daemon) => shortName(daemon, all), shrinkTo: 14, cut: 'middle' },
    { title: '', value: ({ self, leads }) => [...(self === true ? ['this one'] : []), ...(leads ? ['leads'] : [])].join(', '), blank: '' },
    { title: 'HEALTH', value: (daemon) => textOf(daemonHealthMessage(daemon, view.now)), format: ({ health }) => healthFormat(health) },
    { title: 'ACTIVE', value: ({ active }) => (active.length === 0 ? '-' : active.map(({ queue, count }) => `${queue} ${formatNumber(count)}`).join(', ')), shrinkTo: 12 },
    { title: 'VERSION', value: ({ version }) => version ?? '?', dropOrder: 1 },
    { title: 'UP', value: ({ startedAt, health }) => (startedAt === undefined || health === 'left' || health === 'silent' ? '-' : formatShortDuration(view.now - Date.parse(startedAt))), align: 'right', dropOrder: 0 },
  ];
}

function healthFormat(health: DaemonView['health']): 'green' | 'yellow' | 'red' | 'dim' {
  switch (health) {
    case 'ok':
      return 'green';
    case 'silent':
      return 'red';
    case 'left':
      return 'dim';
    case 'late':
    case 'stopping':
    case 'unknown':
      return 'yellow';
  }
}

function webhooksText({ state, url, listen, problem }: NonNullable<DaemonStatus['webhooks']>, { style }: View): string {
  if (state !== 'listening') return style('red', oneLine(problem ?? 'nothing listens'));
  return url?.includes(listen ?? '') === true ? `received at ${url}` : `received at ${url ?? ''}, listening at ${listen ?? ''}`;
}

function crashText(project: string, crash: NonNullable<DaemonStatus['lastCrash']>, view: View): string {
  return `${paragraphOf(crashMessages(path.basename(project), crash, crash.jobs.length, (time) => formatTime(time, view)))} \`sluice logs\` has the rest.`;
}

/** What waits for a daemon while none runs. */
export function renderLastStop(left: LastStop, project: string, view: Pick<View, 'timeZone'>): string {
  return paragraphOf(lastStopMessages(left, path.basename(project), (time) => formatTime(time, view)));
}

/** `sluice projects`. `forgotten`: how many were taken from the list, if that was asked for. */
export function renderProjects(projects: readonly ProjectLook[], { forgotten }: { readonly forgotten: number | undefined }, view: View): string {
  const parts = [
    ...(forgotten === undefined ? [] : [forgottenText(forgotten)]),
    projects.length === 0 ? 'No project is known yet: `sluice init` makes one, and the first `sluice up` or `sluice run` puts it on this list.' : renderTable(projects, projectColumns(view), view),
  ];
  if (projects.some(({ daemon }) => daemon === 'gone')) parts.push('`sluice projects --forget` takes those from the list whose folder is gone.');
  return parts.join('\n\n');
}

function forgottenText(count: number): string {
  if (count === 0) return 'No folder is gone.';
  return say('{count, plural, one {# project is off the list: its folder is gone.} other {# projects are off the list: their folders are gone.}}', { count });
}

function projectColumns(view: View): readonly Column<ProjectLook>[] {
  return [
    { title: 'FOLDER', value: ({ folder }) => oneLine(folder), shrinkTo: 16, cut: 'middle' },
    { title: 'DAEMON', value: daemonText, format: ({ daemon }) => (daemon === 'running' ? 'green' : daemon === 'unreachable' ? 'red' : 'dim') },
    { title: 'WAITING', value: ({ waiting }) => countText(waiting), align: 'right' },
    { title: 'ACTIVE', value: ({ active, daemon }) => countText(daemon === 'stopped' ? 0 : active), align: 'right', dropOrder: 1 },
    { title: 'DEAD', value: ({ dead }) => countText(dead), format: ({ dead }) => (dead !== undefined && dead > 0 ? 'red' : undefined), align: 'right' },
    { title: 'STOPPED', value: ({ stoppedAt }) => (stoppedAt === undefined ? '-' : formatAge(stoppedAt, view)), dropOrder: 2 },
  ];
}

function daemonText({ daemon, pid }: ProjectLook): string {
  switch (daemon) {
    case 'running':
      return pid === undefined ? 'running' : `running, pid ${pid}`;
    case 'stopped':
      return 'stopped';
    case 'unreachable':
      return 'does not answer';
    case 'gone':
      return 'folder is gone';
  }
}

/** Nobody knows what waits after a crash. */
function countText(count: number | undefined): string {
  return count === undefined ? '?' : formatNumber(count);
}

/** `sluice state` */
export function renderStateReport(report: StateReport, view: View): string {
  const { files, jobs, movedTo } = report;
  const lines = [wrap(whoseText(report), view.width), ''];
  for (const { name, bytes, changedAt } of files) lines.push(`  ${oneLine(name)}  ${formatBytes(bytes)}, changed ${formatAge(changedAt, view)}`);
  if (movedTo !== undefined) {
    lines.push('', wrap(`Its jobs were moved to ${oneLine(movedTo)} by \`sluice store copy\`, so it is no longer used.`, view.width));
  } else if (jobs !== undefined) {
    const waiting = waitingJobs(report);
    const content = say('{waiting, plural, one {# job waits in it, and {dead}.} other {# jobs wait in it, and {dead}.}}', { waiting, dead: formatCount(jobs['dead'] ?? 0, 'dead letter') });
    lines.push('', `${content}${hasLog(report) ? ' What store.db-wal holds is not counted.' : ''}`);
  } else if (files.some(({ name }) => name.startsWith('store.db'))) {
    // A store that no daemon has closed may be in its log alone.
    lines.push('', hasLog(report) ? "What waits can't be counted: store.db-wal holds it, which only a daemon reads. While your daemon runs, `sluice status` counts it." : "Its store.db can't be read as a store.");
  }
  return lines.join('\n').trimEnd();
}

function whoseText({ origin, reason, folder }: StateReport): string {
  switch (origin) {
    case 'fresh':
      return `No daemon of yours has run here yet; ${folder} holds no store.`;
    case 'own':
      return `${folder} was made by your daemon, here.`;
    case 'foreign':
      return `${folder} was not made by your daemon, here. ${reason ?? ''} \`sluice state adopt\` uses it from now on, \`sluice state set-aside\` puts it aside.`;
    case 'unsafe':
      return reason ?? '';
  }
}

function hasLog({ files }: StateReport): boolean {
  return files.some(({ name, bytes }) => name === 'store.db-wal' && bytes > 0);
}
