import * as l10n from '@vscode/l10n';
import { askRun } from '../ask/ask-run.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

export const cancelRun: Command = {
  id: commands.cancelRun,
  acts: true,
  run: async (app, argument) => {
    const asked = await askRun(app, argument, l10n.t('Which run is to be cancelled?'), { state: 'running' });
    if (asked === undefined) return undefined;
    const { project, run } = asked;
    const daemon = await project.connection.ensure();
    const { workflow, jobs } = await daemon.call('run/get', { id: run });
    const isSure = await app.ask.confirm({
      question: l10n.t('Cancel the run {0} of {1}?', run, workflow),
      detail: l10n.t('{0} of its jobs are still open. None of them starts any more, and what is under way is interrupted. What was sent stays sent.', jobs.open),
      verb: l10n.t('Cancel Run'),
    });
    return isSure ? daemon.call('run/cancel', { id: run }) : undefined;
  },
};
