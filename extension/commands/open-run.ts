import * as l10n from '@vscode/l10n';
import { askRun } from '../ask/ask-run.ts';
import { showDocument } from '../documents/show-document.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

export const openRun: Command = {
  id: commands.openRun,
  acts: false,
  run: async (app, argument) => {
    const asked = await askRun(app, argument, l10n.t('Which run is to be opened?'));
    return asked === undefined ? undefined : showDocument({ folder: asked.project.folder, subject: { kind: 'run', run: asked.run } });
  },
};
