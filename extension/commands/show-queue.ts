import { commands, views } from '../ids.ts';
import { readTarget } from '../target.ts';
import { queueNodeId } from '../views/queues/queue-node.ts';
import type { Command } from './command.ts';

/** The queue's row in its view, opened; without a queue, the view. Answers with what was shown. */
export const showQueue: Command = {
  id: commands.showQueue,
  acts: false,
  run: async ({ views: open }, argument) => {
    const target = readTarget(argument);
    const view = open.get(views.queues);
    const ids = target?.queue === undefined ? [] : [target.folder, queueNodeId(target.folder, target.queue)];
    return view?.reveal(ids);
  },
};
