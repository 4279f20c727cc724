import * as l10n from '@vscode/l10n';
import { askDeadLetters } from '../ask/ask-job.ts';
import { askProject } from '../ask/ask-project.ts';
import { commands } from '../ids.ts';
import { readTargets } from '../target.ts';
import type { Command } from './command.ts';
import { replayMany } from './replay-many.ts';

/** The dead letter that was clicked, those that are selected, or those that are ticked in a list. */
export const replay: Command = {
  id: commands.replay,
  acts: true,
  run: async (app, argument, selected) => {
    const targets = readTargets(argument, selected).filter(({ job }) => job !== undefined);
    const project = await askProject(app, targets[0]);
    if (project === undefined) return undefined;
    const clicked = targets.flatMap(({ folder, job }) => (job === undefined || folder !== project.folder ? [] : [job]));
    const ids = clicked.length > 0 ? clicked : await askDeadLetters(app, project, l10n.t('Which dead letters are to be replayed?'));
    return ids === undefined || ids.length === 0 ? undefined : replayMany(app, { project, selection: { ids }, name: ids.length === 1 ? (ids[0] ?? '') : l10n.t('the selection') });
  },
};
