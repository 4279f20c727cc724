import * as l10n from '@vscode/l10n';
import { askJobs } from '../ask/ask-job.ts';
import { askProject } from '../ask/ask-project.ts';
import { commands } from '../ids.ts';
import { readTarget, readTargets } from '../target.ts';
import { formatNumber } from '../wording/amount.ts';
import type { Command } from './command.ts';

/** Jobs that wait for their next attempt are due at once: those that are selected, all of a queue, or those that are ticked. */
export const retryNow: Command = {
  id: commands.retryNow,
  acts: true,
  run: async (app, argument, selected) => {
    const targets = readTargets(argument, selected).filter(({ job }) => job !== undefined);
    const project = await askProject(app, targets[0] ?? argument);
    if (project === undefined) return undefined;
    const daemon = await project.connection.ensure();
    const queue = readTarget(argument)?.queue;
    const clicked = targets.flatMap(({ folder, job }) => (job === undefined || folder !== project.folder ? [] : [job]));
    const isWholeQueue = clicked.length === 0 && queue !== undefined;
    const ids = clicked.length > 0 || isWholeQueue ? clicked : await askJobs(app, project, l10n.t('Which jobs are to be tried at once?'), 'delayed');
    if (ids === undefined || (ids.length === 0 && !isWholeQueue)) return undefined;
    const { retried } = await daemon.call('job/retry', isWholeQueue ? { all: true, queue } : { ids: [...ids] });
    if (retried !== 1) void app.ask.tell('information', l10n.t('{0} jobs are due at once.', formatNumber(retried)));
    return retried;
  },
};
