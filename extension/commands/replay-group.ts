import * as l10n from '@vscode/l10n';
import { askDeadGroup } from '../dead-letters/dead-group.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';
import { replayMany } from './replay-many.ts';

export const replayGroup: Command = {
  id: commands.replayGroup,
  acts: true,
  run: async (app, argument) => {
    const group = await askDeadGroup(app, argument, l10n.t('Which dead letters are to be replayed?'));
    return group === undefined ? undefined : replayMany(app, [group]);
  },
};
