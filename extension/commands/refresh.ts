import { commands } from '../ids.ts';
import type { Command } from './command.ts';

/** Looks for daemons, and draws everything anew. */
export const refresh: Command = {
  id: commands.refresh,
  acts: false,
  run: async ({ projects, refreshed }) => {
    projects.look();
    refreshed.fire();
  },
};
