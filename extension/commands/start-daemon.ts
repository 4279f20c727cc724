import { askProject } from '../ask/ask-project.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

export const startDaemon: Command = {
  id: commands.startDaemon,
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    await project?.connection.ensure();
    return project?.connection.state.kind;
  },
};
