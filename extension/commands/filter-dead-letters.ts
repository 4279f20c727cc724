import * as l10n from '@vscode/l10n';
import { commands, views } from '../ids.ts';
import { askFilter } from './ask-filter.ts';
import type { Command } from './command.ts';

export const filterDeadLetters: Command = {
  id: commands.filterDeadLetters,
  acts: false,
  run: async (app) => askFilter(app, views.deadLetters, l10n.t('Words of dead letters to show: of a queue or of an error')),
};
