import { askProject } from '../ask/ask-project.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

export const showDaemonLog: Command = {
  id: commands.showDaemonLog,
  acts: false,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    if (project !== undefined) await app.daemonLog.show(project);
  },
};
