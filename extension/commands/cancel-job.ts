import * as l10n from '@vscode/l10n';
import { askJob } from '../ask/ask-job.ts';
import { commands } from '../ids.ts';
import { readTargets } from '../target.ts';
import type { Command } from './command.ts';

export const cancelJob: Command = {
  id: commands.cancelJob,
  acts: true,
  run: async (app, argument, selected) => {
    const targets = readTargets(argument, selected).filter(({ job }) => job !== undefined);
    const asked = targets.length > 0 ? [] : [await askJob(app, argument, l10n.t('Which job is to be cancelled?'), ['active', 'pending', 'delayed'])];
    const jobs = [
      ...targets.flatMap(({ folder, job }) => (job === undefined ? [] : [{ folder, job }])),
      ...asked.flatMap((one) => (one === undefined ? [] : [{ folder: one.project.folder, job: one.job }])),
    ];
    for (const { folder, job } of jobs) await (await app.projects.daemonOf(folder)).call('job/cancel', { id: job });
    return jobs.length;
  },
};
