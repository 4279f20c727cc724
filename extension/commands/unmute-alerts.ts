import * as l10n from '@vscode/l10n';
import { askQueue } from '../ask/ask-queue.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

export const unmuteAlerts: Command = {
  id: commands.unmuteAlerts,
  acts: false,
  run: async (app, argument) => {
    const asked = await askQueue(app, argument, l10n.t('About which queue are there to be notifications again?'), ({ name }, { folder }) => app.alerts.isMuted(folder, name));
    if (asked === undefined) return undefined;
    await app.alerts.mute(asked.project.folder, asked.queue.name, false);
    app.refreshed.fire();
    return asked.queue.name;
  },
};
