import type { ProjectLook } from '../../../client/projects.ts';
import type { View } from '../terminal.ts';
import { formatAge, formatNumber, oneLine, say } from './format.ts';
import { renderTable, type Column } from './table.ts';

/** `sluice projects`. `forgotten`: how many were taken from the list, if that was asked for. */
export function renderProjects(projects: readonly ProjectLook[], { forgotten }: { readonly forgotten: number | undefined }, view: View): string {
  const parts = [
    ...(forgotten === undefined ? [] : [forgottenText(forgotten)]),
    projects.length === 0 ? 'No project is known yet: `sluice init` makes one, and the first `sluice up` or `sluice run` puts it on this list.' : renderTable(projects, columns(view), view),
  ];
  if (projects.some(({ daemon }) => daemon === 'gone')) parts.push('`sluice projects --forget` takes those from the list whose folder is gone.');
  return parts.join('\n\n');
}

function forgottenText(count: number): string {
  if (count === 0) return 'No folder is gone.';
  return say('{count, plural, one {# project is off the list: its folder is gone.} other {# projects are off the list: their folders are gone.}}', { count });
}

function columns(view: View): readonly Column<ProjectLook>[] {
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
