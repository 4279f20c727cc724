import * as l10n from '@vscode/l10n';
import { askQueue } from '../ask/ask-queue.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

/** No more notifications about a queue in this workspace. Its row and the status bar still tell. */
export const muteAlerts: Command = {
  id: commands.muteAlerts,
  acts: false,
  run: async (app, argument) => {
    const asked = await askQueue(app, argument, l10n.t('About which queue are there to be no more notifications?'), ({ name }, { folder }) => !app.alerts.isMuted(folder, name));
    if (asked === undefined) return undefined;
    await app.alerts.mute(asked.project.folder, asked.queue.name, true);
    app.refreshed.fire();
    return asked.queue.name;
  },
};
