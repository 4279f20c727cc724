import * as l10n from '@vscode/l10n';
import { askQueue } from '../ask/ask-queue.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';

const most = 10_000;

/** Holds at once and over restarts, until it is taken back. */
export const setConcurrency: Command = {
  id: commands.setConcurrency,
  acts: true,
  run: async (app, argument) => {
    const asked = await askQueue(app, argument, l10n.t("Which queue's concurrency is to be set?"));
    if (asked === undefined) return undefined;
    const { project, queue } = asked;
    const text = await app.ask.input({
      title: l10n.t('Concurrency of {0}', queue.name),
      prompt: l10n.t('How many attempts at the same time; empty goes back to what the file says.'),
      value: String(queue.concurrency),
      validateInput: (typed) => (isConcurrency(typed.trim()) ? undefined : l10n.t('A whole number from 1 to {0}.', most)),
    });
    if (text === undefined || !isConcurrency(text.trim())) return undefined;
    const concurrency = text.trim() === '' ? 'file' : Number(text);
    return (await project.connection.ensure()).call('queue/set', { queue: queue.name, concurrency });
  },
};

function isConcurrency(text: string): boolean {
  return text === '' || (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= most);
}
