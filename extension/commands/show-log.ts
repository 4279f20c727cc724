import { commands } from '../ids.ts';
import type { Command } from './command.ts';

export const showLog: Command = {
  id: commands.showLog,
  acts: false,
  run: async ({ log }) => log.show(true),
};
