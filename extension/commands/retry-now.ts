import * as l10n from '@vscode/l10n';
import { askJobs } from '../ask/ask-job.ts';
import { askProject } from '../ask/ask-project.ts';
import { commands } from '../ids.ts';
import { readChosen } from '../selection/chosen.ts';
import { readTarget } from '../target.ts';
import { formatNumber } from '../wording/amount.ts';
import { actOnMany } from './act-on-many.ts';
import type { Command } from './command.ts';

/** Jobs that wait for their next attempt are due at once: those that are selected, all of a queue, or those that are ticked. */
export const retryNow: Command = {
  id: commands.retryNow,
  acts: true,
  run: async (app, argument, selected) => {
    const chosen = readChosen('job', argument, selected);
    if (chosen.length > 1) {
      const tally = await actOnMany(app, {
        chosen,
        what: 'jobs-retried',
        title: l10n.t('Retrying jobs'),
        confirmation: {
          question: l10n.t('Try {0} jobs at once?', formatNumber(chosen.length)),
          detail: l10n.t("They don't wait for the times of their next attempts any more, and start as the rates of their queues allow. An attempt that fails counts as always."),
          verb: l10n.t('Retry Now'),
        },
        act: (daemon, id) => daemon.call('job/retry', { ids: [id] }),
      });
      return tally?.done;
    }
    const [clicked] = chosen;
    const project = await askProject(app, argument ?? clicked);
    if (project === undefined) return undefined;
    const daemon = await project.connection.ensure();
    const queue = readTarget(argument)?.queue;
    const isWholeQueue = clicked === undefined && queue !== undefined;
    const ids = clicked !== undefined ? [clicked.id] : isWholeQueue ? [] : await askJobs(app, project, l10n.t('Which jobs are to be tried at once?'), 'delayed');
    if (ids === undefined || (ids.length === 0 && !isWholeQueue)) return undefined;
    const { retried } = await daemon.call('job/retry', isWholeQueue ? { all: true, queue } : { ids: [...ids] });
    if (retried !== 1) void app.ask.tell('information', l10n.t('{0} jobs are due at once.', formatNumber(retried)));
    return retried;
  },
};
