import * as l10n from '@vscode/l10n';
import { commands, views } from '../ids.ts';
import { askFilter } from './ask-filter.ts';
import type { Command } from './command.ts';

export const filterQueues: Command = {
  id: commands.filterQueues,
  acts: false,
  run: async (app) => askFilter(app, views.queues, l10n.t('Words of queues to show: of their names or of what stands beside them, such as paused')),
};
