import * as l10n from '@vscode/l10n';
import type { QuickPickItem } from 'vscode';
import type { App } from '../app.ts';
import { askProject } from '../ask/ask-project.ts';
import type { Project } from '../project/project.ts';
import { readTarget, type Target } from '../target.ts';
import { formatNumber } from '../wording/amount.ts';
import { causeName, groupByCause, whereCause } from '../wording/cause-groups.ts';
import type { DeadSelection } from './dead-selection.ts';

/** Dead letters that belong together: of a queue, of a run, or of a queue with one cause. */
export interface DeadGroup {
  readonly project: Project;
  readonly selection: DeadSelection;
  /** For a person. */
  readonly name: string;
}

/** The group that a command is about: that of its argument, or the one that is chosen. */
export async function askDeadGroup(app: App, argument: unknown, placeHolder: string): Promise<DeadGroup | undefined> {
  const project = await askProject(app, argument);
  if (project === undefined) return undefined;
  const named = groupOf(project, readTarget(argument));
  if (named !== undefined) return named;
  const { jobs } = await (await project.connection.ensure()).call('dead/list', { limit: 1000 });
  const queues = [...new Set(jobs.map(({ queue }) => queue))].sort();
  const items: (QuickPickItem & { readonly target: Target })[] = queues.flatMap((queue) => {
    const inQueue = jobs.filter((job) => job.queue === queue);
    return [
      { label: `$(inbox) ${queue}`, description: l10n.t('all {0}', formatNumber(inQueue.length)), target: { folder: project.folder, queue } },
      ...groupByCause(inQueue).map(({ cause, count }) => ({
        label: `$(error) ${causeName(cause)}`,
        description: l10n.t('{0} of {1}', formatNumber(count), queue),
        target: { folder: project.folder, queue, cause: cause ?? null },
      })),
    ];
  });
  const picked = await app.ask.pick(items, { placeHolder });
  return picked === undefined ? undefined : groupOf(project, picked.target);
}

function groupOf(project: Project, target: Target | undefined): DeadGroup | undefined {
  const { queue, cause, run } = target ?? {};
  if (queue !== undefined && cause !== undefined) {
    return { project, selection: { queue, where: whereCause(cause ?? undefined) }, name: l10n.t('{0} with {1}', queue, causeName(cause ?? undefined)) };
  }
  if (queue !== undefined) return { project, selection: { queue }, name: queue };
  return run === undefined ? undefined : { project, selection: { run }, name: run };
}
