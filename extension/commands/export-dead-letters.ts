import * as l10n from '@vscode/l10n';
import { askDeadGroup } from '../dead-letters/dead-group.ts';
import { commands } from '../ids.ts';
import { readTargets } from '../target.ts';
import type { Command } from './command.ts';
import { exportMany } from './export-many.ts';

/** Dead letters with payloads and attempts into a JSON file: those that are selected, a group, or all. */
export const exportDeadLetters: Command = {
  id: commands.exportDeadLetters,
  acts: false,
  run: async (app, argument, selected) => {
    const targets = readTargets(argument, selected).filter(({ job }) => job !== undefined);
    const [first] = targets;
    if (first === undefined) {
      const group = await askDeadGroup(app, argument, l10n.t('Which dead letters are to be exported?'));
      return group === undefined ? undefined : exportMany(app, group);
    }
    const project = app.projects.get(first.folder);
    const ids = targets.flatMap(({ folder, job }) => (job === undefined || folder !== first.folder ? [] : [job]));
    return project === undefined ? undefined : exportMany(app, { project, selection: { ids }, name: l10n.t('the selection') });
  },
};
