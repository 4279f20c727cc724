import * as l10n from '@vscode/l10n';
import { askQueue } from '../ask/ask-queue.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

export const pauseQueue: Command = {
  id: commands.pauseQueue,
  acts: true,
  run: async (app, argument) => {
    const asked = await askQueue(app, argument, l10n.t('Which queue is to be paused?'), ({ paused }) => !paused);
    return asked === undefined ? undefined : (await asked.project.connection.ensure()).call('queue/pause', { queue: asked.queue.name });
  },
};
