import * as l10n from '@vscode/l10n';
import { askJob } from '../ask/ask-job.ts';
import { showDocument } from '../documents/show-document.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

export const openJob: Command = {
  id: commands.openJob,
  acts: false,
  run: async (app, argument) => {
    const asked = await askJob(app, argument, l10n.t('Which job is to be opened?'));
    return asked === undefined ? undefined : showDocument({ folder: asked.project.folder, subject: { kind: 'job', job: asked.job } });
  },
};
