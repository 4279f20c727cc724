import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { askJob } from '../ask/ask-job.ts';
import { curlText } from '../documents/curl-text.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

/** The call of a job, for a terminal. Secrets stand in it as variables of the shell. */
export const copyAsCurl: Command = {
  id: commands.copyAsCurl,
  acts: false,
  run: async (app, argument) => {
    const asked = await askJob(app, argument, l10n.t("Which job's call is to be copied?"));
    if (asked === undefined) return undefined;
    const curl = curlText(await (await asked.project.connection.ensure()).call('job/get', { id: asked.job }));
    if (!curl.ok) {
      void app.ask.tell('information', curl.message);
      return undefined;
    }
    await vscode.env.clipboard.writeText(curl.text);
    vscode.window.setStatusBarMessage(l10n.t('{0} was copied as cURL; secrets stand in it as shell variables.', asked.job), 5000);
    return asked.job;
  },
};
