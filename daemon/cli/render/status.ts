import path from 'node:path';
import type { ProjectLook } from '../../../client/projects.ts';
import type { DaemonStatus, LastStop } from '../../../schemas/protocol/daemon-status.ts';
import { formatDuration } from '../../../schemas/wording/amount.ts';
import { crashMessages, lastStopMessages } from '../../../schemas/wording/daemon.ts';
import { waitingJobs, type StateReport } from '../state-report.ts';
import type { View } from '../terminal.ts';
import { formatAge, formatBytes, formatCount, formatNumber, formatTime, oneLine, paragraphOf, say } from './format.ts';
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
    ['store', store.ok ? `${formatBytes(store.bytes)}, durability ${status.durability}` : style('red', oneLine(store.problem ?? 'not available'))],
    ['runs', `${formatNumber(status.runs.running)} running`],
  ];
  if (status.webhooks !== undefined) fields.push(['webhooks', webhooksText(status.webhooks, view)]);
  if (machine !== undefined) fields.push(['machine', style('yellow', `${oneLine(machine.problem)} Attempts are put off and not charged${atATime}.`)]);
  if (status.lastCrash !== undefined) fields.push(['crash', style('yellow', crashText(status.project, status.lastCrash, view))]);
  if (status.problems > 0) fields.push(['files', style('red', `${formatCount(status.problems, 'error')}: sluice validate`)]);
  if (status.lateOutcomes > 0) fields.push(['late outcomes', `${formatNumber(status.lateOutcomes)} refused`]);
  return `${renderFields(fields, view)}\n\n${renderQueues(status.queues, view)}`;
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
  const { files, jobs } = report;
  const lines = [wrap(whoseText(report), view.width), ''];
  for (const { name, bytes, changedAt } of files) lines.push(`  ${oneLine(name)}  ${formatBytes(bytes)}, changed ${formatAge(changedAt, view)}`);
  if (jobs !== undefined) {
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
