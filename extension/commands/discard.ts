import * as l10n from '@vscode/l10n';
import type { App } from '../app.ts';
import { askDeadLetters } from '../ask/ask-dead-letters.ts';
import { deadGroupsOf } from '../dead-letters/dead-group.ts';
import { commands, views } from '../ids.ts';
import type { Tally } from '../selection/batches.ts';
import { focusedRows } from '../views/shared/focused-rows.ts';
import type { Command } from './command.ts';
import { discardMany } from './discard-many.ts';

/** What the key binding calls it with: a key is about rows, which VS Code doesn't hand over then. */
const byKey = 'focused';

/** The dead letter that was clicked, those that are selected, or those that are ticked in a list. */
export const discard: Command = {
  id: commands.discard,
  acts: true,
  run: async (app, argument, selected) => {
    if (argument === byKey) return discardFocused(app);
    const asked = await askDeadLetters(app, argument, selected, l10n.t('Which dead letters are to be discarded?'));
    return asked === undefined ? undefined : discardMany(app, asked);
  },
};

async function discardFocused(app: App): Promise<Tally | undefined> {
  const view = app.views.get(views.deadLetters)?.view;
  const targets = (view === undefined ? [] : await focusedRows(view)).map(({ target }) => target);
  const groups = deadGroupsOf(app, targets);
  if (groups.length > 0) return discardMany(app, groups);
  void app.ask.tell('information', l10n.t('Select the dead letters to discard, or a group of them.'));
  return undefined;
}
