import * as l10n from '@vscode/l10n';
import { askDeadLetters } from '../ask/ask-job.ts';
import { askProject } from '../ask/ask-project.ts';
import { commands } from '../ids.ts';
import { readTargets } from '../target.ts';
import type { Command } from './command.ts';
import { discardMany } from './discard-many.ts';

export const discard: Command = {
  id: commands.discard,
  acts: true,
  run: async (app, argument, selected) => {
    const targets = readTargets(argument, selected).filter(({ job }) => job !== undefined);
    const project = await askProject(app, targets[0]);
    if (project === undefined) return undefined;
    const clicked = targets.flatMap(({ folder, job }) => (job === undefined || folder !== project.folder ? [] : [job]));
    const ids = clicked.length > 0 ? clicked : await askDeadLetters(app, project, l10n.t('Which dead letters are to be discarded?'));
    return ids === undefined || ids.length === 0 ? undefined : discardMany(app, { project, selection: { ids }, name: l10n.t('the selection') });
  },
};
