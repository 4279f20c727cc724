import * as l10n from '@vscode/l10n';
import { askRun } from '../ask/ask-run.ts';
import { showDocument } from '../documents/show-document.ts';
import { commands } from '../ids.ts';
import { readTarget } from '../target.ts';
import type { Command } from './command.ts';

/** A job that failed in a run, in a step of it where one is named: the newest of the dead letters. */
export const openFailure: Command = {
  id: commands.openFailure,
  acts: false,
  run: async (app, argument) => {
    const asked = await askRun(app, argument, l10n.t('What failed in which run is to be opened?'), { state: 'failed' });
    if (asked === undefined) return undefined;
    const { project, run } = asked;
    const step = readTarget(argument)?.step;
    const daemon = await project.connection.ensure();
    const { jobs } = await daemon.call('job/list', { run, state: 'dead', limit: 1, ...(step === undefined ? {} : { step }) });
    const [job] = jobs;
    if (job !== undefined) return showDocument({ folder: project.folder, subject: { kind: 'job', job: job.id } });
    await app.ask.tell('information', l10n.t('{0} has no dead letter any more.', run));
    return undefined;
  },
};
