import * as l10n from '@vscode/l10n';
import { askQueue } from '../ask/ask-queue.ts';
import { commands } from '../ids.ts';
import { readChosen } from '../selection/chosen.ts';
import { formatNumber } from '../wording/amount.ts';
import { actOnMany } from './act-on-many.ts';
import { chosenQueues } from './chosen-queues.ts';
import type { Command } from './command.ts';

export const resumeQueue: Command = {
  id: commands.resumeQueue,
  acts: true,
  run: async (app, argument, selected) => {
    const chosen = readChosen('queue', argument, selected);
    if (chosen.length > 1) {
      const { matching, idle, names, waiting } = await chosenQueues(app, chosen, ({ paused }) => paused);
      return actOnMany(app, {
        chosen: matching,
        idle,
        what: 'queues-resumed',
        title: l10n.t('Resuming queues'),
        confirmation: {
          question: l10n.t('Resume {0}?', names),
          detail: l10n.t('Queues: {0}. Jobs that wait in them: {1}; they start as their rates allow.', formatNumber(matching.length), formatNumber(waiting)),
          verb: l10n.t('Resume'),
        },
        act: (daemon, queue) => daemon.call('queue/resume', { queue }),
      });
    }
    const asked = await askQueue(app, argument, l10n.t('Which queue is to go on?'), ({ paused }) => paused);
    return asked === undefined ? undefined : (await asked.project.connection.ensure()).call('queue/resume', { queue: asked.queue.name });
  },
};
