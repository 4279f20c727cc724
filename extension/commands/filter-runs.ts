import * as l10n from '@vscode/l10n';
import { commands, views } from '../ids.ts';
import { askFilter } from './ask-filter.ts';
import type { Command } from './command.ts';

export const filterRuns: Command = {
  id: commands.filterRuns,
  acts: false,
  run: async (app) => askFilter(app, views.runs, l10n.t('Words of runs to show: a workflow, a run, or a state such as failed')),
};
