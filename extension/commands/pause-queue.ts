import * as l10n from '@vscode/l10n';
import { askQueue } from '../ask/ask-queue.ts';
import { commands } from '../ids.ts';
import { readChosen } from '../selection/chosen.ts';
import { formatNumber } from '../wording/language.ts';
import { actOnMany } from './act-on-many.ts';
import { chosenQueues } from './chosen-queues.ts';
import type { Command } from './command.ts';

export const pauseQueue: Command = {
  id: commands.pauseQueue,
  acts: true,
  run: async (app, argument, selected) => {
    const chosen = readChosen('queue', argument, selected);
    if (chosen.length > 1) {
      const { matching, idle, names, active, waiting } = await chosenQueues(app, chosen, ({ paused }) => !paused);
      return actOnMany(app, {
        chosen: matching,
        idle,
        what: 'queues-paused',
        title: l10n.t('Pausing queues'),
        confirmation: {
          question: l10n.t('Pause {0}?', names),
          detail: l10n.t('Queues: {0}. Jobs that wait in them: {1}; none starts until its queue is resumed. Jobs under way: {2}; they end as usual.', formatNumber(matching.length), formatNumber(waiting), formatNumber(active)),
          verb: l10n.t('Pause'),
        },
        act: (daemon, queue) => daemon.call('queue/pause', { queue }),
      });
    }
    const asked = await askQueue(app, argument, l10n.t('Which queue is to be paused?'), ({ paused }) => !paused);
    return asked === undefined ? undefined : (await asked.project.connection.ensure()).call('queue/pause', { queue: asked.queue.name });
  },
};
