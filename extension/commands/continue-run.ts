import * as l10n from '@vscode/l10n';
import type { App } from '../app.ts';
import { askProject } from '../ask/ask-project.ts';
import { commands } from '../ids.ts';
import type { Project } from '../project/project.ts';
import { readTarget } from '../target.ts';
import { runDescription } from '../wording/run.ts';
import type { Command } from './command.ts';

/** Lets a run whose first items were tried take the rest of them. */
export const continueRun: Command = {
  id: commands.continueRun,
  acts: true,
  run: async (app, argument) => {
    const project = await askProject(app, argument);
    const run = project === undefined ? undefined : (readTarget(argument)?.run ?? (await askHeldRun(app, project)));
    if (project === undefined || run === undefined) return undefined;
    await (await project.connection.ensure()).call('run/continue', { id: run });
    void app.ask.tell('information', l10n.t('{0} takes the rest of its items.', run));
    return run;
  },
};

async function askHeldRun({ ask }: App, project: Project): Promise<string | undefined> {
  const { runs } = await (await project.connection.ensure()).call('run/list', { state: 'running', limit: 200 });
  const held = runs.filter(({ heldAfter }) => heldAfter !== undefined);
  if (held.length === 0) {
    void ask.tell('information', l10n.t('No run waits after its first items.'));
    return undefined;
  }
  const items = held.map((run) => ({ label: `${run.workflow} ${run.id}`, description: runDescription(run, Date.now()), run: run.id }));
  return (await ask.pick(items, { placeHolder: l10n.t('Which run takes the rest of its items?') }))?.run;
}
