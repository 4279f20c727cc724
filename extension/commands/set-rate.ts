import * as l10n from '@vscode/l10n';
import { exactRate, parseRate } from '../../schemas/workflow/rate.ts';
import { askQueue } from '../ask/ask-queue.ts';
import { commands } from '../ids.ts';
import type { Command } from './command.ts';
import { paragraphOf } from '../wording/language.ts';

/** Holds at once and over restarts, until it is taken back. */
export const setRate: Command = {
  id: commands.setRate,
  acts: true,
  run: async (app, argument) => {
    const asked = await askQueue(app, argument, l10n.t("Which queue's rate is to be set?"));
    if (asked === undefined) return undefined;
    const { project, queue } = asked;
    const text = await app.ask.input({
      title: l10n.t('Rate of {0}', queue.name),
      prompt: l10n.t("Such as 100/min (per s, min, h or d), or none for no limit; empty goes back to what the file says."),
      value: queue.rate === undefined ? 'none' : exactRate(queue.rate),
      validateInput: (typed) => rateProblem(typed.trim()),
    });
    if (text === undefined) return undefined;
    const rate = text.trim() === '' ? 'file' : text.trim();
    return (await project.connection.ensure()).call('queue/set', { queue: queue.name, rate });
  },
};

/** What is wrong with a rate that was typed; undefined where nothing is. */
function rateProblem(text: string): string | undefined {
  if (text === '' || text === 'none' || text === 'file') return undefined;
  const parsed = parseRate(text);
  return parsed.ok ? undefined : paragraphOf(parsed.problems.slice(0, 1).map(({ message }) => message));
}
