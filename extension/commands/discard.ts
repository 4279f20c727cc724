import * as l10n from '@vscode/l10n';
import { askDeadLetters } from '../ask/ask-dead-letters.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';
import { discardMany } from './discard-many.ts';

export const discard: Command = {
  id: commands.discard,
  acts: true,
  run: async (app, argument, selected) => {
    const asked = await askDeadLetters(app, argument, selected, l10n.t('Which dead letters are to be discarded?'));
    return asked === undefined ? undefined : discardMany(app, asked);
  },
};
