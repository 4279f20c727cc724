import { askProject } from '../ask/ask-project.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';
import { replayMany } from './replay-many.ts';

export const replayAll: Command = {
  id: commands.replayAll,
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    return project === undefined ? undefined : replayMany(app, [{ project, selection: {}, name: project.name }]);
  },
};
