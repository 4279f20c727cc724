import * as l10n from '@vscode/l10n';
import { chosenDeadLetters } from '../dead-letters/chosen-dead-letters.ts';
import { askDeadGroup } from '../dead-letters/dead-group.ts';
import { collectLots } from '../dead-letters/dead-lot.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';
import { exportLots } from './export-lots.ts';

/** Dead letters with payloads and attempts into a JSON file: those that are selected, a group, or all. */
export const exportDeadLetters: Command = {
  id: commands.exportDeadLetters,
  acts: false,
  run: async (app, argument, selected) => {
    const chosen = chosenDeadLetters(app, argument, selected);
    if (chosen.length > 0) return exportLots(app, await collectLots(chosen));
    const group = await askDeadGroup(app, argument, l10n.t('Which dead letters are to be exported?'));
    return group === undefined ? undefined : exportLots(app, await collectLots([group]));
  },
};
