import { commands } from '../ids.ts';
import { readTarget } from '../target.ts';
import type { Command } from './command.ts';

/** On a queue of the side bar: that queue. */
export const openDashboard: Command = {
  id: commands.openDashboard,
  acts: false,
  run: async ({ dashboard }, argument) => dashboard.show(readTarget(argument)),
};
