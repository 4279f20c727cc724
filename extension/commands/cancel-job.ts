import * as l10n from '@vscode/l10n';
import { askJob } from '../ask/ask-job.ts';
import { commands } from '../ids.ts';
import { readChosen, type Chosen } from '../selection/chosen.ts';
import { say } from '../wording/language.ts';
import { actOnMany } from './act-on-many.ts';
import type { Command } from './command.ts';

/** The jobs that are selected, or the one that is chosen from those that are not over. Answers with how many were cancelled. */
export const cancelJob: Command = {
  id: commands.cancelJob,
  acts: true,
  run: async (app, argument, selected) => {
    const clicked = readChosen('job', argument, selected);
    const asked = clicked.length > 0 ? undefined : await askJob(app, argument, l10n.t('Which job is to be cancelled?'), ['active', 'pending', 'delayed']);
    const chosen: readonly Chosen[] = asked === undefined ? clicked : [{ folder: asked.project.folder, id: asked.job }];
    const [first] = chosen;
    if (first === undefined) return undefined;
    const confirmation = {
      question: say('{count, plural, =1 {Cancel the job {first}?} other {Cancel # jobs?}}', { count: chosen.length, first: first.id }),
      detail: l10n.t("What has not begun never starts, and attempts under way are interrupted. What was sent stays sent. This can't be undone."),
      verb: say('{count, plural, =1 {Cancel Job} other {Cancel Jobs}}', { count: chosen.length }),
    };
    if (chosen.length > 1) {
      const tally = await actOnMany(app, { chosen, what: 'jobs-cancelled', title: l10n.t('Cancelling jobs'), confirmation, act: 'cancel' });
      return tally?.done;
    }
    if (!(await app.ask.confirm(confirmation))) return undefined;
    await (await app.projects.daemonOf(first.folder)).call('job/cancel', { id: first.id });
    return 1;
  },
};
