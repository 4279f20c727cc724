import * as l10n from '@vscode/l10n';
import { askDeadLetters } from '../ask/ask-dead-letters.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';
import { replayMany } from './replay-many.ts';

/** The dead letter that was clicked, those that are selected, or those that are ticked in a list. */
export const replay: Command = {
  id: commands.replay,
  acts: true,
  run: async (app, argument, selected) => {
    const asked = await askDeadLetters(app, argument, selected, l10n.t('Which dead letters are to be replayed?'));
    return asked === undefined ? undefined : replayMany(app, asked);
  },
};
