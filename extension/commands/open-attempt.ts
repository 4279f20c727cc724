import { askAttempts } from '../ask/ask-attempts.ts';
import { showDocument } from '../documents/show-document.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

export const openAttempt: Command = {
  id: commands.openAttempt,
  acts: false,
  run: async (app, argument) => {
    const asked = await askAttempts(app, argument, undefined, 1);
    const attempt = asked?.attempts[0];
    return asked === undefined || attempt === undefined ? undefined : showDocument({ folder: asked.project.folder, subject: { kind: 'attempt', job: asked.job, attempt } });
  },
};
