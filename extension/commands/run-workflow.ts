import * as l10n from '@vscode/l10n';
import { askWorkflow } from '../ask/ask-workflow.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';
import { startRun } from './start-run.ts';

export const runWorkflow: Command = {
  id: commands.runWorkflow,
  acts: true,
  run: async (app, argument) => {
    const asked = await askWorkflow(app, argument, l10n.t('Which workflow is to run?'));
    return asked === undefined ? undefined : startRun(app, asked);
  },
};
