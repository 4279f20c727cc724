import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { commands } from '../ids.ts';
import { runDescription } from '../wording/run.ts';
import type { Command } from './command.ts';

/** The run whose values the expressions of the workflow in the editor show. */
export const chooseRun: Command = {
  id: commands.chooseRun,
  acts: false,
  run: async (app) => {
    const { liveDocument } = await import('../language/live/live-document.ts');
    const document = vscode.window.activeTextEditor?.document;
    const live = document === undefined ? undefined : liveDocument(app, document);
    if (live?.places.workflow === undefined) {
      await app.ask.tell('information', l10n.t('Open a workflow of a project in the editor first.'));
      return undefined;
    }
    const { project } = live;
    const workflow = live.places.workflow.name;
    const { runs } = await (await project.connection.ensure()).call('run/list', { workflow, limit: 200 });
    const last: { readonly label: string; readonly description?: string; readonly run: string | undefined } = { label: l10n.t('The last run'), run: undefined };
    const picked = await app.ask.pick([last, ...runs.map((run) => ({ label: run.id, description: runDescription(run, Date.now()), run: run.id }))], {
      placeHolder: l10n.t('Show the values of which run?'),
    });
    if (picked === undefined) return undefined;
    app.chosenRuns.set(project.folder, workflow, picked.run);
    return picked.run ?? runs[0]?.id;
  },
};
