import * as l10n from '@vscode/l10n';
import { askDeadGroup } from '../dead-letters/dead-group.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';
import { discardMany } from './discard-many.ts';

export const discardGroup: Command = {
  id: commands.discardGroup,
  acts: true,
  run: async (app, argument) => {
    const group = await askDeadGroup(app, argument, l10n.t('Which dead letters are to be discarded?'));
    return group === undefined ? undefined : discardMany(app, [group]);
  },
};
