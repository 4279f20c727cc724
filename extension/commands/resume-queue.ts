import * as l10n from '@vscode/l10n';
import { askQueue } from '../ask/ask-queue.ts';
import { commands } from '../ids.ts';
import { readChosen } from '../selection/chosen.ts';
import type { QueueView } from '../../schemas/protocol/queue.ts';
import { formatNumber } from '../wording/language.ts';
import { isHeld } from '../wording/queue.ts';
import { actOnMany } from './act-on-many.ts';
import { chosenQueues } from './chosen-queues.ts';
import type { Command } from './command.ts';

/** What can be resumed: by hand, or because a receiver asked for a pause. */
function isStopped(queue: QueueView): boolean {
  return queue.paused || isHeld(queue, Date.now());
}

export const resumeQueue: Command = {
  id: commands.resumeQueue,
  acts: true,
  run: async (app, argument, selected) => {
    const chosen = readChosen('queue', argument, selected);
    if (chosen.length > 1) {
      const { matching, idle, names, waiting } = await chosenQueues(app, chosen, isStopped);
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
    const asked = await askQueue(app, argument, l10n.t('Which queue is to go on?'), isStopped);
    return asked === undefined ? undefined : (await asked.project.connection.ensure()).call('queue/resume', { queue: asked.queue.name });
  },
};
