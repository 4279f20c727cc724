import { commands } from '../ids.ts';
import type { Command } from './command.ts';

export const restartLanguageServer: Command = {
  id: commands.restartLanguageServer,
  acts: false,
  run: async ({ language }) => language.restart(),
};
