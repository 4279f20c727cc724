import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { askJob } from '../ask/ask-job.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

/** All that is known of a job, as JSON. Secrets stand in it as references. */
export const copyJob: Command = {
  id: commands.copyJob,
  acts: false,
  run: async (app, argument) => {
    const asked = await askJob(app, argument, l10n.t('Which job is to be copied?'));
    if (asked === undefined) return undefined;
    const job = await (await asked.project.connection.ensure()).call('job/get', { id: asked.job });
    await vscode.env.clipboard.writeText(`${JSON.stringify(job, null, 2)}\n`);
    vscode.window.setStatusBarMessage(l10n.t('{0} was copied as JSON.', asked.job), 3000);
    return asked.job;
  },
};
